/** Runs in which the heads of a DeiT learn alone (linear probing): everything else stays bitwise as it was, and the backward pass ends at the heads. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOfRecord } from "../../src/io/disk/digest.ts";
import { parseSafetensors } from "../../src/io/safetensors/safetensors.ts";
import type { Recipe, StudentRecipe } from "../../src/train/run/recipe.ts";
import { runRecipe, type RunOptions } from "../../src/train/run/run.ts";
import type { TrainedName } from "../../src/train/step/trainedPart.ts";
import { identityOfTrained } from "../../src/train/teachers/trained.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { metricsText } from "../helpers/metrics.ts";
import { bytesOnWasm } from "../helpers/planned.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { quietRun } from "./quietRun.ts";
import { tiny, tinyTeacher } from "./tiny.ts";

const model: Recipe["model"] = { ...tiny.model, imageSize: 8, classes: 10 };

/** A distilled student that learns a few digits, without a teacher. */
const first: Recipe = {
  ...tiny,
  data: { ...tiny.data, train: "digits:train", test: "synthetic:10", images: 40 },
  model,
  training: { ...tiny.training, schedule: { ...tiny.training.schedule, epochs: 1 } },
  distillation: { kind: "two-class-tokens" },
  teachers: [],
};

/** Fine-tuning from the weights of a run by a teacher, with everything that could move a parameter. */
function tuned(from: string, trained: TrainedName, changes: Partial<StudentRecipe> = {}): Recipe {
  const optimizer = { ...tiny.training.optimizer, weightDecay: 0.3 };
  const training = { ...first.training, microBatch: 2, optimizer, clipNorm: 0.5, trained, ...changes };
  return {
    ...first,
    init: { from, heads: "keep", positions: "bicubic" },
    training,
    distillation: tiny.distillation,
    teachers: [{ ...tinyTeacher, imageSize: 8, model: { ...tinyTeacher.model, classes: 10 } }],
  };
}

const newFolder = (): string => join(temporaryFolder(), "run");
const bytesIn = (directory: string, file = "weights.safetensors"): Buffer => readFileSync(join(directory, file));

/** Runs a recipe on the WASM engine. Returns its folder. */
async function ran(recipe: Recipe, changes: Partial<RunOptions> = {}, directory: string = newFolder()): Promise<string> {
  const engine = await wasmEngine();
  await runRecipe(engine, recipe, quietRun(directory, changes));
  expect(engine.memory().live).toBe(0);
  engine.close();
  return directory;
}

/** The names of the tensors whose bits differ between two files. */
function changed(a: Buffer, b: Buffer): readonly string[] {
  const there = parseSafetensors(b).tensors;
  return [...parseSafetensors(a).tensors]
    .filter(([name, { data }]) => !bitsOf(data).equals(bitsOf(there.get(name)?.data)))
    .map(([name]) => name);
}

const bitsOf = (data: ArrayBufferView | undefined): Buffer =>
  data === undefined ? Buffer.of() : Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const HEADS = ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"];
const everyName = (directory: string): readonly string[] => [...parseSafetensors(bytesIn(directory)).tensors.keys()];

const ways: readonly (readonly [string, Partial<StudentRecipe>])[] = [
  ["AdamW", {}],
  ["SGD", { optimizer: { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 0.1 } }],
  ["a scaled loss", { lossScale: "dynamic" }],
];

describe("training.trained = heads", () => {
  it.each(ways)("changes both heads and not a bit of any other tensor, nor of its average, by %s", async (_, changes) => {
    const from = await ran(first);
    const run = await ran(tuned(from, "heads", changes));
    expect(changed(bytesIn(from), bytesIn(run))).toEqual(HEADS);
    expect(changed(bytesIn(from), bytesIn(run, "weights-ema.safetensors"))).toEqual(HEADS);
    expect(changed(bytesIn(run), bytesIn(run, "weights-ema.safetensors"))).toEqual(HEADS);
  });

  it("is what keeps them: with all, every tensor changes", async () => {
    const from = await ran(first);
    const run = await ran(tuned(from, "all"));
    expect(changed(bytesIn(from), bytesIn(run))).toEqual(everyName(from));
  });

  it("draws drop path and dropout as the recipe says", async () => {
    const from = await ran(first);
    const [dropping, still] = [await ran(tuned(from, "heads")), await ran(tuned(from, "heads", { dropPath: 0, dropout: 0 }))];
    expect(changed(bytesIn(dropping), bytesIn(still))).toEqual(HEADS);
  });

  it("resumes with the same bits after stops in the teacher and in the student", async () => {
    const recipe = tuned(await ran(first), "heads", { lossScale: "dynamic" });
    const whole = await ran(recipe);
    const pieces = newFolder();
    let steps = 0;
    const stop = (): boolean => ++steps % 7 === 0; // an epoch has ten steps
    await ran(recipe, { stop }, pieces);
    while (!existsSync(join(pieces, "weights.safetensors"))) await ran(recipe, { stop, resume: true }, pieces);
    expect(steps).toBe(20 + 10);
    expect(bytesIn(pieces).equals(bytesIn(whole))).toBe(true);
    expect(bytesIn(pieces, "weights-ema.safetensors").equals(bytesIn(whole, "weights-ema.safetensors"))).toBe(true);
    expect(metricsText(join(pieces, "metrics.jsonl"))).toBe(metricsText(join(whole, "metrics.jsonl")));
  });

  it("is not resumed with all", async () => {
    const [from, folder] = [await ran(first), newFolder()];
    let steps = 0;
    await ran(tuned(from, "heads"), { stop: () => ++steps === 25 }, folder);
    await expect(ran(tuned(from, "all"), { resume: true }, folder)).rejects.toThrow("is of another recipe");
  });

  it("writes the same files with --memory low", async () => {
    const from = await ran(first);
    const [normal, low] = [await ran(tuned(from, "heads")), await ran(tuned(from, "heads"), { memory: "low" })];
    expect(bytesIn(low).equals(bytesIn(normal))).toBe(true);
  });

  it.each([null, "dynamic"] as const)("allocates what was planned before the training, loss scale %s", async (lossScale) => {
    const from = await ran(first);
    const recipe = tuned(from, "heads", { lossScale, microBatch: null });
    const { planned, allocated, live } = await bytesOnWasm((engine, look) =>
      runRecipe(engine, recipe, quietRun(newFolder(), { onProgress: look })),
    );
    expect(allocated).toBe(planned);
    expect(live).toBe(0);
  });

  it("is no part of a run's identity where all is trained, so that a run that began before there was a choice continues", () => {
    const { trained, ...before } = tiny.training;
    expect(trained).toBe("all");
    expect(digestOfRecord(identityOfTrained(tiny.training))).toBe(digestOfRecord(before));
    expect(digestOfRecord(identityOfTrained({ ...tiny.training, trained: "heads" }))).not.toBe(digestOfRecord(before));
  });
});
