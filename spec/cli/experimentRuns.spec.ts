/** An experiment from its first run to its table, with kills between. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deit, json, stoppedOnceThereIs } from "./deit.ts";

/** What of a result does not depend on when and where it was measured. */
const numbers = (result: unknown): unknown => {
  const { command: _, date: __, ...same } = Object(result);
  return same;
};

it("gives the same table after it was killed, and when it is run again; its numbers are those of deit eval", async () => {
  const folder = temporaryFolder();
  const args = ["experiment", "distillation", "--seeds", "1"];
  await stoppedOnceThereIs(join(folder, "killed/token-0/metrics.jsonl"), [...args, "--out", "killed"], folder, "SIGKILL");
  await stoppedOnceThereIs(join(folder, "killed/soft-0/metrics.jsonl"), [...args, "--out", "killed"], folder);
  expect(existsSync(join(folder, "killed/distillation.json"))).toBe(false);
  const [killed, whole] = [json([...args, "--out", "killed"], folder), json([...args, "--out", "whole"], folder)];
  expect(numbers(killed)).toEqual(numbers(whole));
  expect(JSON.parse(readFileSync(join(folder, "whole/distillation.json"), "utf8"))).toMatchObject({ experiment: "distillation", seeds: 1 });

  const { quantities } = Object(whole);
  const ours = (name: string): unknown => quantities.find((one: { readonly name: string }) => one.name === name).values[0];
  const hard = Object(json(["eval", "whole/hard-0", "digits:test"], folder));
  expect(ours("hard distillation")).toBeCloseTo(100 * hard.top1, 10);
  const teacher = readFileSync(join(folder, "whole/hard-0/recipe.toml"), "utf8");
  expect(teacher).toContain('run = "whole/token-0/teacher"');

  const again = deit([...args, "--out", "whole"], folder);
  expect(again.status).toBe(0);
  expect(again.stdout).toMatch(
    /^Hard distillation is better than none\. +[+-]?\d+\.\d\d +unknown for one seed +\+1\.20 +– +not decidable at this scale$/m,
  );
}, 600_000);
