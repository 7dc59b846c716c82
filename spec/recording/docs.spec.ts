/** Runs the examples of docs/recording.md. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { deitHere } from "../cli/inProcess.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/recording.md"), "utf8");

const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text = ""]) => text);

it("docs/recording.md shows programs with the output that they print", () => {
  const folder = join(root, "runs/.recording");
  mkdirSync(folder, { recursive: true });
  const printed = blocks("js").map((program, i) => {
    writeFileSync(join(folder, `example${i}.mjs`), program);
    return execFileSync(process.execPath, [join(folder, `example${i}.mjs`)], { encoding: "utf8" });
  });
  expect(printed).toEqual(blocks("text").slice(0, printed.length));
});

it("docs/recording.md shows command lines that work, one after the other", async () => {
  const cwd = temporaryFolder();
  const lines = (blocks("sh").find((text) => text.startsWith("deit record")) ?? "").trim().split("\n");
  expect(lines.length).toBe(4);
  for (const line of lines) {
    const [, ...words] = line.replaceAll("'", "").split(" ");
    const args = words.map((word) => (word.endsWith(".safetensors") ? join(cwd, word) : word));
    expect({ line, ...(await deitHere(...args)) }).toMatchObject({ line, status: 0, stderr: "" });
  }
});

it("docs/recording.md shows a part of a map that a module of fixtures/recorded has", () => {
  const map = readFileSync(join(root, "fixtures/recorded/map.json"), "utf8");
  expect(JSON.parse(map)).toMatchObject(JSON.parse(blocks("json")[0] ?? "null"));
});

it("docs/recording.md links to files that exist", () => {
  const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = ""]) => path);
  expect(links.filter((path) => !existsSync(join(root, "docs", path)))).toEqual([]);
});
