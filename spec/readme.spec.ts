/** The README's snippets are run, or stand in the source as they are quoted. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allRows } from "../src/laws/rows.ts";
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

  it("is read in two minutes", () => {
    expect(readFileSync(join(root, "README.md"), "utf8").trim().split(/\s+/).length).toBeLessThanOrEqual(700);
  });

  it.each(["README.md", "docs/learn.md"])("%s shows an example that prints what it says, run against the built package", (page) => {
    const example = blocksOf(page).find(({ language }) => language === "ts" || language === "js")?.text ?? "";
    const printed = blocksOf(page).find(({ language }) => language === "text")?.text;
    const folder = join(root, "runs/.readme");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "example.mjs"), example);
    expect(execFileSync(process.execPath, [join(folder, "example.mjs")], { encoding: "utf8" })).toBe(printed);
  });

  it("states figures that docs/measurements.md gives with their commands", () => {
    const measured = readFileSync(join(root, "README.md"), "utf8").split("## Measured")[1] ?? "";
    const figures = [...measured.matchAll(/^\| [^|]+ \| ([^|]+) \|$/gm)].map(([, figure = ""]) => figure.replace("×", "").trim());
    expect(figures.length).toBe(5);
    const source = readFileSync(join(root, "docs/measurements.md"), "utf8");
    expect(figures.filter((figure) => !source.includes(figure))).toEqual([]);
  });

  it("shows what npm start prints: the number of rows, and accuracies that docs/measurements.md states", () => {
    const [printed = ""] = blocks("text start");
    const counts = [...printed.matchAll(/^\w+: (\d+) of (\d+) rows hold/gm)].map(([, ...numbers]) => numbers.map(Number));
    expect(counts).toEqual([
      [allRows.length, allRows.length],
      [allRows.length, allRows.length],
    ]);
    const shares = [...printed.matchAll(/ {2}(\d+\.\d\d) % +\d+\.\d\d % {2}\d/g)].map(([, share]) => `${Number(share).toFixed(1)} %`);
    expect(shares.length).toBe(3);
    const measured = readFileSync(join(root, "docs/measurements.md"), "utf8");
    expect(shares.filter((share) => !measured.includes(share))).toEqual([]);
  });

  it("names commands that the command line has", () => {
    const help = execFileSync(process.execPath, [join(root, "dist/cli.js"), "--help"], { encoding: "utf8" });
    const named = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/npx deit ([a-z]+)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !new RegExp(`^ {2}${name}\\b`, "m").test(help))).toEqual([]);
  });
});
