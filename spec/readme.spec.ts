/** The README's snippets are run, or stand in the source as they are quoted. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blocksOf } from "./helpers/pages.ts";

const root = join(import.meta.dirname, "..");

const blocks = (language: string): readonly string[] =>
  blocksOf("README.md").flatMap((block) => (block.language === language ? [block.text] : []));

describe("README", () => {
  it("quotes softmax as it stands in the source", () => {
    const source = readFileSync(join(root, "src/ops/softmax.ts"), "utf8");
    const [quoted = "missing"] = blocks("ts quoted");
    const [head = "", ...functions] = quoted.split(/(?=^function )/m);
    expect(functions.length).toBe(2);
    for (const part of [head, ...functions]) expect(source).toContain(part.trim());
  });

  it("shows an example that prints what it says, run as JavaScript against the built package", () => {
    const [example = ""] = blocks("ts");
    const [printed] = blocks("text");
    const folder = join(root, "runs/.readme");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "example.mjs"), example);
    expect(execFileSync(process.execPath, [join(folder, "example.mjs")], { encoding: "utf8" })).toBe(printed);
  });
});
