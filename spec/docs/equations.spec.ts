/** docs/equations.md is what the source says. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { equationsPage } from "../../src/explain/table.ts";

const page = readFileSync(new URL("../../docs/equations.md", import.meta.url), "utf8");

it("docs/equations.md is up to date: npm run equations writes it", () => {
  expect(page).toBe(equationsPage());
});

it("docs/equations.md has a row for each of E1 to E39 and G1 to G22", () => {
  const ids = [...page.matchAll(/^\| ([EG]\d+) \| /gm)].map(([, id]) => id);
  const numbers = (letter: string, most: number): readonly string[] => Array.from({ length: most }, (_, i) => `${letter}${i + 1}`);
  expect(ids).toEqual([...numbers("E", 39), ...numbers("G", 22)]);
});
