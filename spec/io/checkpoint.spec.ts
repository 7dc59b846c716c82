import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError, newestCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import type { Writable } from "../../src/io/safetensors/safetensors.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const tensorsOf = (value: number): ReadonlyMap<string, Writable> =>
  new Map<string, Writable>([
    ["params.x", { dtype: "F64", shape: [2], data: Float64Array.of(value, Math.PI) }],
    ["buffers.n", { dtype: "F32", shape: [], data: Float32Array.of(value) }],
  ]);

const run = { recipe: "r", engine: "wasm" };

const save = (folder: string, step: number): Promise<void> => saveCheckpoint(folder, { step, ...run, tensors: tensorsOf(step) });
const stateOf = (folder: string, step: number): string => join(folder, `step-0000000${step}`, "state.safetensors");

/** A folder with complete checkpoints of steps 1 and 2, as it is after a kill before the older one was removed. */
async function two(): Promise<string> {
  const [folder, copies] = [temporaryFolder(), temporaryFolder()];
  await save(folder, 1);
  cpSync(join(folder, "step-00000001"), join(copies, "one"), { recursive: true });
  await save(folder, 2);
  cpSync(join(copies, "one"), join(folder, "step-00000001"), { recursive: true });
  return folder;
}

/** Flips one bit of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe("a checkpoint", () => {
  it("reads back bitwise identical", async () => {
    const folder = temporaryFolder();
    await save(folder, 7);
    expect(await newestCheckpoint(folder, run)).toEqual({ step: 7, tensors: tensorsOf(7) });
  });

  it("is a folder with the numbers, and with step and digests", async () => {
    const folder = temporaryFolder();
    await save(folder, 7);
    expect(readdirSync(join(folder, "step-00000007")).toSorted()).toEqual(["checkpoint.json", "state.safetensors"]);
    const about: unknown = JSON.parse(readFileSync(join(folder, "step-00000007", "checkpoint.json"), "utf8"));
    expect(about).toEqual({ step: 7, ...run, state: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("has the same bytes wherever and whenever it is written", async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()];
    await save(one, 7);
    await save(other, 7);
    for (const name of ["checkpoint.json", "state.safetensors"])
      expect(readFileSync(join(one, "step-00000007", name))).toEqual(readFileSync(join(other, "step-00000007", name)));
  });

  it("replaces the one before it", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    await save(folder, 2);
    expect(readdirSync(folder)).toEqual(["step-00000002"]);
  });

  it("replaces a broken one of the same step", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    damage(stateOf(folder, 1));
    await save(folder, 1);
    expect((await newestCheckpoint(folder, run))?.step).toBe(1);
  });

  it("left half written by a kill is ignored, and written again", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    mkdirSync(join(folder, "step-00000002.partial"));
    writeFileSync(join(folder, "step-00000002.partial", "state.safetensors"), "half");
    expect((await newestCheckpoint(folder, run))?.step).toBe(1);
    await save(folder, 2);
    expect(readdirSync(folder)).toEqual(["step-00000002"]);
  });
});

describe("the newest checkpoint", () => {
  it("is the one of the largest step", async () => {
    expect((await newestCheckpoint(await two(), run))?.step).toBe(2);
  });

  it("is the previous one if the last one is broken", async () => {
    const folder = await two();
    damage(stateOf(folder, 2));
    expect((await newestCheckpoint(folder, run))?.step).toBe(1);
  });

  it("is null in a new folder", async () => {
    expect(await newestCheckpoint(join(temporaryFolder(), "new"), run)).toBeNull();
  });

  it.each<readonly [why: string, breakIt: (folder: string) => void, file: string, reason: string]>([
    ["a bit is flipped", (f) => damage(stateOf(f, 1)), "state.safetensors", "SHA-256 must be "],
    ["numbers are cut off", (f) => truncateSync(stateOf(f, 1), 20), "state.safetensors", "SHA-256 must be "],
    ["numbers are missing", (f) => rmSync(stateOf(f, 1)), "state.safetensors", "cannot be read: ENOENT"],
    ["its JSON is missing", (f) => rmSync(join(f, "step-00000001", "checkpoint.json")), "checkpoint.json", "cannot be read: ENOENT"],
    ["its JSON is torn", (f) => truncateSync(join(f, "step-00000001", "checkpoint.json"), 9), "checkpoint.json", "must be JSON: "],
    [
      "its JSON is empty",
      (f) => writeFileSync(join(f, "step-00000001", "checkpoint.json"), "{}"),
      "checkpoint.json",
      "must have step, recipe",
    ],
    [
      "its JSON is a list",
      (f) => writeFileSync(join(f, "step-00000001", "checkpoint.json"), "[]"),
      "checkpoint.json",
      "must be a JSON object",
    ],
  ])("is refused in one line, with file and reason, if %s", async (_, breakIt, file, reason) => {
    const folder = temporaryFolder();
    await save(folder, 1);
    breakIt(folder);
    const error: unknown = await newestCheckpoint(folder, run).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(String(error)).toContain(`checkpoint: ${join(folder, "step-00000001", file)}: ${reason}`);
    expect(String(error)).not.toContain("\n");
  });

  it("is refused if it belongs to another recipe", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    await expect(newestCheckpoint(folder, { ...run, recipe: "other" })).rejects.toThrow("checkpoint.json: is of another recipe");
  });

  it("is refused if it belongs to another engine, whose results are not bitwise identical", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    const other = newestCheckpoint(folder, { ...run, engine: "reference" });
    await expect(other).rejects.toThrow(
      "checkpoint.json: is of the wasm engine, and reference rounds differently; resume with --engine wasm",
    );
  });
});
