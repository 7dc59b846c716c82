import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/io/checkpoint/about.ts";
import { newestCheckpoint, verifiedCheckpoint, type Checkpoint } from "../../src/io/checkpoint/read.ts";
import { saveCheckpoint } from "../../src/io/checkpoint/save.ts";
import type { Writable } from "../../src/io/safetensors/safetensors.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const tensorsOf = (value: number): ReadonlyMap<string, Writable> =>
  new Map<string, Writable>([
    ["params.x", { dtype: "F64", shape: [2], data: Float64Array.of(value, Math.PI) }],
    ["buffers.n", { dtype: "F32", shape: [], data: Float32Array.of(value) }],
  ]);

const run = { recipe: "r", engine: "wasm" };

/** The newest checkpoint of the run; lines about damaged ones go into `lines`. */
const newest = (folder: string, lines: string[] = []): Promise<Checkpoint | null> =>
  newestCheckpoint(folder, run, (line) => lines.push(line));
const save = (folder: string, step: number): Promise<void> => saveCheckpoint(folder, { step, ...run, tensors: tensorsOf(step) });
const stateOf = (folder: string, step: number): string => join(folder, `step-0000000${step}`, "state.safetensors");

/** A folder with the checkpoints of steps 1 and 2. */
async function two(): Promise<string> {
  const folder = temporaryFolder();
  await save(folder, 1);
  await save(folder, 2);
  return folder;
}

/** The message by which a checkpoint is refused; "" if it is not. */
function refusalOf(folder: string): string {
  try {
    verifiedCheckpoint(folder);
    return "";
  } catch (error) {
    return error instanceof CheckpointError ? error.message : "";
  }
}

/** A prime number, so that the bits i · STRIDE are all bits of a file in a mixed order. */
const STRIDE = 7919;

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
    expect(await newest(folder)).toEqual({ step: 7, tensors: tensorsOf(7) });
  });

  it("is a folder with the numbers, and with step and digests", async () => {
    const folder = temporaryFolder();
    await save(folder, 7);
    expect(readdirSync(join(folder, "step-00000007")).toSorted()).toEqual(["checkpoint.json", "state.safetensors"]);
    const about: unknown = JSON.parse(readFileSync(join(folder, "step-00000007", "checkpoint.json"), "utf8"));
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(about).toEqual({ format: 2, step: 7, ...run, state: digest, fields: digest });
  });

  it("has the same bytes wherever and whenever it is written", async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()];
    await save(one, 7);
    await save(other, 7);
    for (const name of ["checkpoint.json", "state.safetensors"])
      expect(readFileSync(join(one, "step-00000007", name))).toEqual(readFileSync(join(other, "step-00000007", name)));
  });

  it("leaves the one before it, and removes older ones", async () => {
    const folder = await two();
    expect(readdirSync(folder)).toEqual(["step-00000001", "step-00000002"]);
    await save(folder, 5);
    expect(readdirSync(folder)).toEqual(["step-00000002", "step-00000005"]);
  });

  it("removes later ones, which were damaged, once it is complete", async () => {
    const folder = await two();
    await save(folder, 9);
    damage(stateOf(folder, 9));
    expect((await newest(folder))?.step).toBe(2);
    await save(folder, 7);
    expect(readdirSync(folder)).toEqual(["step-00000002", "step-00000007"]);
  });

  it("replaces a broken one of the same step", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    damage(stateOf(folder, 1));
    await save(folder, 1);
    expect((await newest(folder))?.step).toBe(1);
  });

  it("left half written by a kill is ignored, and written again", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    mkdirSync(join(folder, "step-00000002.partial"));
    writeFileSync(join(folder, "step-00000002.partial", "state.safetensors"), "half");
    expect((await newest(folder))?.step).toBe(1);
    await save(folder, 3);
    expect(readdirSync(folder)).toEqual(["step-00000001", "step-00000003"]);
  });

  it("that cannot be written leaves those before it, and the error says what the run can be resumed from", async () => {
    const folder = await two();
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const inFile = saveCheckpoint(file, { step: 4, ...run, tensors: tensorsOf(4) });
    await expect(inFile).rejects.toThrow(
      `the checkpoint of step 4 could not be written to ${file}: file already exists; the run has no checkpoint yet`,
    );
    const bad = new Map<string, Writable>([["x", { dtype: "F32", shape: [3], data: Float32Array.of(1) }]]);
    await expect(saveCheckpoint(folder, { step: 4, ...run, tensors: bad })).rejects.toThrow(
      new CheckpointError(
        `the checkpoint of step 4 could not be written to ${folder}: writeSafetensors: x must have 3 numbers (from [3]), got 1; the run can be resumed from step 2`,
      ),
    );
    expect((await newest(folder))?.step).toBe(2);
    expect(readdirSync(folder)).not.toContain("step-00000004.partial");
  });
});

describe("the newest checkpoint", () => {
  it("is the one of the largest step", async () => {
    expect((await newest(await two()))?.step).toBe(2);
  });

  it("is the previous one if the last one is damaged, which a line says", async () => {
    const folder = await two();
    damage(stateOf(folder, 2));
    const lines: string[] = [];
    expect((await newest(folder, lines))?.step).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^checkpoint: .*step-00000002.state\.safetensors: SHA-256 must be .*; the run continues from step 1$/),
    ]);
  });

  it("is null in a new folder", async () => {
    expect(await newest(join(temporaryFolder(), "new"))).toBeNull();
  });

  it.each<readonly [why: string, breakIt: (folder: string) => void, file: string, reason: string]>([
    ["a bit is flipped", (f) => damage(stateOf(f, 1)), "state.safetensors", "SHA-256 must be "],
    ["numbers are cut off", (f) => truncateSync(stateOf(f, 1), 20), "state.safetensors", "SHA-256 must be "],
    ["numbers are missing", (f) => rmSync(stateOf(f, 1)), "state.safetensors", "cannot be read: ENOENT"],
    ["its JSON is missing", (f) => rmSync(join(f, "step-00000001", "checkpoint.json")), "checkpoint.json", "cannot be read: ENOENT"],
    ["its JSON is torn", (f) => truncateSync(join(f, "step-00000001", "checkpoint.json"), 9), "checkpoint.json", "must be JSON"],
    [
      "its JSON is empty",
      (f) => writeFileSync(join(f, "step-00000001", "checkpoint.json"), "{}"),
      "checkpoint.json",
      "has no format number: it is damaged, or of an earlier deit",
    ],
    [
      "its JSON is of another format",
      (f) => writeFileSync(join(f, "step-00000001", "checkpoint.json"), '{"format":3}'),
      "checkpoint.json",
      "must be of format 2, got 3",
    ],
    [
      "its JSON has another step",
      (f) => {
        const path = join(f, "step-00000001", "checkpoint.json");
        writeFileSync(path, readFileSync(path, "utf8").replace('"step": 1', '"step": 3'));
      },
      "checkpoint.json",
      "is damaged: its fields and its SHA-256 of them do not fit together",
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
    const error: unknown = await newest(folder).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(String(error)).toContain(`checkpoint: ${join(folder, "step-00000001", file)}: ${reason}`);
    expect(String(error)).not.toContain("\n");
  });

  it("is refused if it belongs to another recipe", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    await expect(newestCheckpoint(folder, { ...run, recipe: "other" }, () => undefined)).rejects.toThrow(
      "checkpoint.json: is of another recipe",
    );
  });

  it("is refused if it belongs to another engine, whose results are not bitwise identical", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    const other = newestCheckpoint(folder, { ...run, engine: "reference" }, () => undefined);
    await expect(other).rejects.toThrow(
      "checkpoint.json: is of the wasm engine, and reference rounds differently; resume with --engine wasm",
    );
  });
});

describe("a flipped bit", () => {
  it("anywhere in the files of a checkpoint is noticed, 10,000 times", async () => {
    const folder = temporaryFolder();
    await save(folder, 1);
    const checkpoint = join(folder, "step-00000001");
    const files = ["checkpoint.json", "state.safetensors"].map((name) => ({
      path: join(checkpoint, name),
      bytes: readFileSync(join(checkpoint, name)),
    }));
    const missed: unknown[] = [];
    /** Flips a bit on the disk, looks, and flips it back. */
    const tryBit = (path: string, bytes: Buffer, bit: number): void => {
      const file = openSync(path, "r+");
      const at = bit >> 3;
      const byte = bytes[at] ?? 0;
      writeSync(file, Uint8Array.of(byte ^ (1 << (bit & 7))), 0, 1, at);
      const message = refusalOf(checkpoint);
      if (!message.startsWith(`checkpoint: ${path}`) && !message.startsWith(`checkpoint: ${stateOf(folder, 1)}`))
        missed.push({ path, bit, message });
      if (message.includes("\n")) missed.push({ path, bit, message });
      writeSync(file, Uint8Array.of(byte), 0, 1, at);
      closeSync(file);
    };
    for (let i = 0, tried = 0; tried < 10_000; i++)
      for (const { path, bytes } of files) {
        tryBit(path, bytes, (i * STRIDE) % (8 * bytes.length));
        tried++;
      }
    expect(missed).toEqual([]);
    expect((await newest(folder))?.step).toBe(1);
  });
});
