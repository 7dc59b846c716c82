import { spawn } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { runRecipe } from "../../src/train/run/run.ts";
import { compileInto } from "../helpers/javascript.ts";
import { metricsText } from "../helpers/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "./tiny.ts";
import { quietRun } from "./quietRun.ts";

/** Runs the child and kills it (SIGKILL) `delay` ms after it has done `steps` steps. Returns whether it was killed before it ended. */
function killedAfter(child: string, folder: string, steps: number, delay: number): Promise<boolean> {
  const running = spawn(process.execPath, [child, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let lines = 0;
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    const before = lines;
    lines += text.split("\n").length - 1;
    if (before < steps && lines >= steps) setTimeout(() => running.kill("SIGKILL"), delay);
  });
  return new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", (code, signal) => {
      if (signal === null && code !== 0) reject(new Error(`the child ended with ${code}`));
      else resolve(signal !== null);
    });
  });
}

const filesOf = (folder: string): readonly (Buffer | string)[] =>
  [folder, join(folder, "teacher")].flatMap((of) => [
    readFileSync(join(of, "weights.safetensors")),
    metricsText(join(of, "metrics.jsonl")),
  ]);

describe("a run that is killed repeatedly", () => {
  it("ends with the same weights and metrics, byte for byte, as an uninterrupted run", async () => {
    const [whole, pieces] = [join(temporaryFolder(), "run"), join(temporaryFolder(), "run")];
    await runRecipe(referenceEngine(), tiny, quietRun(whole, { checkpointEvery: 2 }));
    const code = temporaryFolder();
    compileInto(
      code,
      "spec/train",
      ...["data", "engines", "io", "kernels", "losses", "model", "ops", "teacher", "tensor", "train"].map((name) => `src/${name}`),
    );
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(code, "node_modules")); // reading weights needs packages
    const child = join(code, "spec/train/child.js");
    const kills: boolean[] = [];
    for (const [steps, delay] of [
      [1, 0], // before the first checkpoint
      [4, 1], // between or inside checkpoints, of the teacher, then of the student
      [5, 3],
      [4, 6],
      [3, 2],
    ] as const)
      kills.push(await killedAfter(child, pieces, steps, delay));
    expect(kills.slice(0, 2)).toEqual([true, true]);
    expect(await killedAfter(child, pieces, Infinity, 0)).toBe(false);
    expect(filesOf(pieces)).toEqual(filesOf(whole));
  });
});
