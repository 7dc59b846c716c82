/** The README's snippets are run, or stand in the source as they are quoted. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text = ""]) => text);

describe("README", () => {
  it("quotes softmax as it stands in the source", () => {
    const source = readFileSync(join(root, "src/ops/softmax.ts"), "utf8");
    const [quoted = "missing"] = blocks("ts");
    const [head = "", ...functions] = quoted.split(/(?=^function )/m);
    expect(functions.length).toBe(2);
    for (const part of [head, ...functions]) expect(source).toContain(part.trim());
  });

  it("shows an example that prints what it says, run against the built package", () => {
    const [example = ""] = blocks("js");
    const [printed] = blocks("text");
    const folder = join(root, "dist/.readme");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "example.mjs"), example);
    expect(execFileSync(process.execPath, [join(folder, "example.mjs")], { encoding: "utf8" })).toBe(printed);
  });

  it("names files that are there", () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(4);
    for (const path of links) expect(() => readFileSync(join(root, path))).not.toThrow();
  });
});
