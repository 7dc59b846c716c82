/** Results are kept for their command, for the version of the program, and for the weights that they are of. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepResult, keptResult, type Origin } from "../../src/cli/runs/kept.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const of = (command: readonly string[], runs: readonly string[] = []): Origin => ({ command, runs });

it("a result is kept for its command, and for no other", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "seen-0");
  expect(keptResult(path, of(["eval", "a"]))).toBeNull();
  await keepResult(path, of(["eval", "a"]), { top1: 0.5 });
  expect(keptResult(path, of(["eval", "a"]))).toEqual({ top1: 0.5 });
  expect(keptResult(path, of(["eval", "b"]))).toBeNull();
  expect(readdirSync(folder)).toEqual(["seen-0.json"]);
  await keepResult(path, of(["eval", "b"]), { top1: 0.6 });
  expect(keptResult(path, of(["eval", "a"]))).toBeNull();
});

it("a result of another version is not used", async () => {
  const path = join(temporaryFolder(), "seen-0");
  await keepResult(path, of(["eval"]), 1);
  const text = readFileSync(`${path}.json`, "utf8");
  const older = text.replace(/(version\\":\\")[^"\\]+/, "$10.0.0-older");
  expect(older).not.toBe(text);
  writeFileSync(`${path}.json`, older);
  expect(keptResult(path, of(["eval"]))).toBeNull();
});

it("a result is not used once a run has other weights, or none", async () => {
  const folder = temporaryFolder();
  const run = join(folder, "token-0");
  const weights = join(run, "weights.safetensors");
  const origin = of(["eval"], [run]);
  mkdirSync(run);
  writeFileSync(weights, "some");
  await keepResult(join(folder, "seen-0"), origin, 1);
  expect(keptResult(join(folder, "seen-0"), origin)).toBe(1);
  writeFileSync(weights, "others");
  expect(keptResult(join(folder, "seen-0"), origin)).toBeNull();
  writeFileSync(weights, "some");
  expect(keptResult(join(folder, "seen-0"), origin)).toBe(1);
  rmSync(weights);
  expect(keptResult(join(folder, "seen-0"), origin)).toBeNull();
});
