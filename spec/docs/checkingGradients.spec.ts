/** Each block of docs/checking-gradients.md is run against the built package, and prints what the page says. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/checking-gradients.md"), "utf8");
const folder = join(root, "dist/.docs");

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...page.matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** Programs of plain node, with the block of text below each. */
const programs = blocks.flatMap(({ language, text }, i) =>
  language === "js" ? [{ title: /name: "(\w+)"/.exec(text)?.[1] ?? "ops", text, printed: blocks[i + 1] }] : [],
);

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("docs/checking-gradients.md", () => {
  it("has blocks to run", () => {
    expect([programs.length, blocks.filter(({ language }) => language === "js vitest").length]).toEqual([4, 1]);
  });

  it.each(programs)("prints what it says: $title", ({ title, text, printed }) => {
    const file = join(folder, `${title}.mjs`);
    writeFileSync(file, text);
    expect(printed?.language).toBe("text");
    expect(execFileSync(process.execPath, [file], { encoding: "utf8" })).toBe(printed?.text);
  });

  it("shows a test that passes under vitest, and fails with a wrong gradient", () => {
    const text = blocks.find(({ language }) => language === "js vitest")?.text ?? "";
    const wrong = text.replace("(j === k ? 1 : 0)", "(j === k ? 1.001 : 0)");
    expect(wrong).not.toBe(text);
    writeFileSync(join(folder, "right.spec.mjs"), text);
    writeFileSync(join(folder, "wrong.spec.mjs"), wrong);
    writeFileSync(join(folder, "vitest.config.mjs"), 'export default { test: { include: ["*.spec.mjs"], maxWorkers: 1 } };\n');
    const program = join(root, "node_modules/vitest/vitest.mjs");
    const { stdout, stderr } = spawnSync(process.execPath, [program, "run", "--root", folder, "--no-color"], { encoding: "utf8" });
    expect(`${stdout}${stderr}`).toMatch(/GradientError: crossEntropy: x\[\d, \d\]: the gradient is \S+, finite differences give \S+ /);
    expect(stdout).toMatch(/Tests {2}1 failed \| 1 passed \(2\)/);
  });
});
