/** Results are kept for their command alone. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepResult, keptResult } from "../../src/cli/runs/kept.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

it("a result is kept for its command, and for no other", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "seen-0");
  expect(keptResult(path, ["eval", "a"])).toBeNull();
  await keepResult(path, ["eval", "a"], { top1: 0.5 });
  expect(keptResult(path, ["eval", "a"])).toEqual({ top1: 0.5 });
  expect(keptResult(path, ["eval", "b"])).toBeNull();
  expect(readdirSync(folder)).toEqual(["seen-0.json"]);
  await keepResult(path, ["eval", "b"], { top1: 0.6 });
  expect(keptResult(path, ["eval", "a"])).toBeNull();
});

it("a result of another version is not used", async () => {
  const path = join(temporaryFolder(), "seen-0");
  await keepResult(path, ["eval"], 1);
  writeFileSync(`${path}.json`, JSON.stringify({ of: JSON.stringify({ command: ["eval"], version: "0.0.0-older" }), result: 2 }));
  expect(keptResult(path, ["eval"])).toBeNull();
});
