import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { CheckpointError } from "../../src/io/checkpoint/about.ts";
import { newestCheckpoint, type Checkpoint } from "../../src/io/checkpoint/read.ts";
import type { NewCheckpoint } from "../../src/io/checkpoint/save.ts";
import { openCheckpointWriter, type CheckpointWriter } from "../../src/io/checkpoint/writer.ts";
import type { Writable } from "../../src/io/safetensors/safetensors.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const run = { recipe: "r", engine: "wasm" };

/** A checkpoint with n numbers, all equal to the step. */
const checkpoint = (step: number, n = 4): NewCheckpoint => ({
  step,
  ...run,
  tensors: new Map<string, Writable>([["params.x", { dtype: "F32", shape: [n], data: new Float32Array(n).fill(step) }]]),
});

const newest = (folder: string): Promise<Checkpoint | null> => newestCheckpoint(folder, run, () => undefined);

function writerInto(folder: string): CheckpointWriter {
  const writer = openCheckpointWriter(folder);
  onTestFinished(writer.close);
  return writer;
}

describe("the writer of checkpoints", () => {
  it("writes what it is handed, one after the other", async () => {
    const folder = join(temporaryFolder(), "checkpoints");
    const writer = writerInto(folder);
    for (const step of [1, 2, 3]) await writer.save(checkpoint(step));
    await writer.flush();
    expect(await newest(folder)).toEqual({ step: 3, tensors: checkpoint(3).tensors });
    expect(readdirSync(folder)).toEqual(["step-00000002", "step-00000003"]);
  });

  it("is busy from the handing over to the end of the save", async () => {
    const folder = temporaryFolder();
    const writer = writerInto(folder);
    expect(writer.busy()).toBe(false);
    await writer.save(checkpoint(1));
    expect([writer.busy(), await newest(folder)]).toEqual([true, null]);
    await writer.flush();
    expect([writer.busy(), (await newest(folder))?.step]).toEqual([false, 1]);
  });

  it("ends the save that is going on before it closes", async () => {
    const folder = temporaryFolder();
    const writer = openCheckpointWriter(folder);
    await writer.save(checkpoint(1));
    await writer.close();
    expect((await newest(folder))?.step).toBe(1);
  });

  it("moves buffers, and copies numbers that lie in the memory of others", async () => {
    const folder = temporaryFolder();
    const writer = writerInto(folder);
    const [own, memory, shared] = [Float32Array.of(1, 2), Float32Array.of(9, 3, 9), new Float32Array(new SharedArrayBuffer(4)).fill(4)];
    const tensors = new Map<string, Writable>([
      ["own", { dtype: "F32", shape: [2], data: own }],
      ["part", { dtype: "F32", shape: [1], data: memory.subarray(1, 2) }],
      ["shared", { dtype: "F32", shape: [1], data: shared }],
    ]);
    await writer.save({ step: 1, ...run, tensors });
    shared.fill(5);
    await writer.flush();
    expect([own.length, [...memory]]).toEqual([0, [9, 3, 9]]);
    const numbers = [...((await newest(folder))?.tensors ?? [])].map(([name, { data }]) => [name, [...data]]);
    expect(numbers).toEqual([
      ["own", [1, 2]],
      ["part", [3]],
      ["shared", [4]],
    ]);
  });

  it("reports a failed save once, to the next save or to flush, and can write again", async () => {
    const folder = temporaryFolder();
    const inTheWay = join(folder, "checkpoints");
    writeFileSync(inTheWay, "");
    const writer = writerInto(inTheWay);
    await writer.save(checkpoint(1));
    const first: unknown = await writer.save(checkpoint(2)).catch((error: unknown) => error);
    expect(first).toEqual(
      new CheckpointError(
        `the checkpoint of step 1 could not be written to ${inTheWay}: file already exists; the run has no checkpoint yet`,
      ),
    );
    execFileSync("rm", [inTheWay]);
    await writer.save(checkpoint(3));
    await writer.flush();
    expect((await newest(inTheWay))?.step).toBe(3);
  });
});

/** Why no small file system can be mounted here; null: it can. */
function whyNoMount(): string | null {
  if (process.platform !== "linux") return "no Linux";
  const probe = join(temporaryFolder(), "probe");
  mkdirSync(probe);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return null;
  } catch {
    return "no file system may be mounted";
  }
}

describe("a disk that is full", () => {
  it("while a checkpoint is written leaves the one before, and the error says how much it needs", async ({ skip }) => {
    const why = whyNoMount();
    skip(why !== null, `skipped: ${why}`);
    const disk = join(temporaryFolder(), "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk]);
    try {
      const [fits, fitsNot] = [50_000, 300_000];
      const folder = join(disk, "checkpoints");
      const writer = openCheckpointWriter(folder);
      await writer.save(checkpoint(1, fits));
      await writer.save(checkpoint(2, fitsNot));
      await expect(writer.flush()).rejects.toThrow(
        new CheckpointError(
          `the checkpoint of step 2 could not be written to ${folder}: no space left on device (needs 1.2 MB); the run can be resumed from step 1`,
        ),
      );
      expect(await newest(folder)).toEqual({ step: 1, tensors: checkpoint(1, fits).tensors });
      expect(readdirSync(folder)).toEqual(["step-00000001"]);
      await writer.save(checkpoint(3, fits)); // there is room again
      await writer.close();
      expect((await newest(folder))?.step).toBe(3);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});
