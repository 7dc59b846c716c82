/** Runs each block of docs/checking-gradients.md against the packed package, and compares its output with the page. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { blocksOf } from "../helpers/pages.ts";
import { installed } from "../package/packed.ts";

const blocks = blocksOf("docs/checking-gradients.md");
const LONG = process.env["DEIT_LONG"] === "1";
/** Folders with the newest fast-check, and in the long run also with the oldest allowed, which all other specs use. */
const folders = ["fast-check-newest", ...(LONG ? ["fast-check"] : [])].map((fastCheck) => installed(fastCheck, ["vitest"]));
const [newest = ""] = folders;

/** Programs for plain Node, each with the block of expected output that follows it. */
const programs = blocks.flatMap(({ language, text }, i) =>
  language === "js" ? [{ title: /name: "(\w+)"/.exec(text)?.[1] ?? "ops", text, printed: blocks[i + 1] }] : [],
);

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const versionIn = (folder: string): string => {
  const about: { readonly version: string } = JSON.parse(readFileSync(join(folder, "node_modules/fast-check/package.json"), "utf8"));
  return about.version;
};

describe("docs/checking-gradients.md", () => {
  it("has blocks to run", () => {
    expect([programs.length, blocks.filter(({ language }) => language === "ts vitest").length]).toEqual([4, 1]);
  });

  it.each(programs)("shows the output of its program $title", ({ title, text, printed }) => {
    const file = join(newest, `${title}.mjs`);
    writeFileSync(file, text);
    expect(printed?.language).toBe("text");
    expect(execFileSync(process.execPath, [file], { encoding: "utf8" })).toBe(printed?.text);
  });

  it.each(folders.map((folder) => [versionIn(folder), folder]))(
    "shows a test that passes under vitest with fast-check %s, and fails with a wrong gradient",
    (_, folder) => {
      const text = blocks.find(({ language }) => language === "ts vitest")?.text ?? "";
      const wrong = text.replace("(j === k ? 1 : 0)", "(j === k ? 1.001 : 0)");
      expect(wrong).not.toBe(text);
      writeFileSync(join(folder, "right.spec.ts"), text);
      writeFileSync(join(folder, "wrong.spec.ts"), wrong);
      writeFileSync(
        join(folder, "vitest.config.mjs"),
        'export default { test: { include: ["*.spec.ts"], maxWorkers: 1, testTimeout: 60_000 } };\n',
      );
      const program = join(folder, "node_modules/vitest/vitest.mjs");
      const { stdout, stderr } = spawnSync(process.execPath, [program, "run", "--no-color"], { cwd: folder, encoding: "utf8" });
      expect(`${stdout}${stderr}`).toMatch(/GradientError: crossEntropy: x\[\d, \d\]: the gradient is \S+, finite differences give \S+ /);
      expect(stdout).toMatch(/Tests {2}1 failed \| 1 passed \(2\)/);
    },
  );
});
