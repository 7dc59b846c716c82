import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { parseSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { readWeights, uploadWeights } from "../../src/io/weights/weights.ts";
import type { Direction } from "../../src/losses/softDistillation.ts";
import type { PositionMethod } from "../../src/model/resizedPositions.ts";
import { regnetShapes } from "../../src/teacher/params.ts";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { evaluate } from "../../src/train/evaluation/evaluate.ts";
import type { Recipe } from "../../src/train/run/recipe.ts";
import { runRecipe, type Interrupted, type RunOptions, type RunResult } from "../../src/train/run/run.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { folderOf } from "../data/sources/files.ts";
import { evaluationBatches } from "../helpers/batches.ts";
import { metricsText } from "../helpers/metrics.ts";
import { bytesOnWasm } from "../helpers/planned.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { digestOfRecord } from "../../src/io/disk/digest.ts";
import { identityOfData, identityOfDistillation, identityOfInit } from "../../src/train/teachers/trained.ts";
import { tiny, tinyOf, tinyTeacher } from "./tiny.ts";
import { quietRun } from "./quietRun.ts";

const options = (directory: string, changes: Partial<RunOptions> = {}): RunOptions =>
  quietRun(directory, { recipeText: 'name = "tiny"\n', ...changes });

const run = (recipe: Recipe, runOptions: RunOptions): Promise<RunResult | Interrupted> => runRecipe(referenceEngine(), recipe, runOptions);

async function finished(recipe: Recipe, runOptions: RunOptions): Promise<RunResult> {
  const result = await run(recipe, runOptions);
  if (result.interrupted) throw new Error("interrupted");
  return result;
}

const weightsIn = (directory: string): Buffer => readFileSync(join(directory, "weights.safetensors"));
const newFolder = (): string => join(temporaryFolder(), "run");
const plain: Recipe = { ...tiny, teachers: [], distillation: { kind: "none" }, model: { ...tiny.model, distilled: false } };

type LossScale = Recipe["training"]["lossScale"];

/** The tiny teacher with this loss scale. */
const teacherScaled = (lossScale: LossScale): typeof tinyTeacher => ({
  ...tinyTeacher,
  training: { ...tinyTeacher.training, lossScale },
});

/** The tiny recipe with this loss scale for teacher and student. */
const scaled = (lossScale: LossScale): Recipe => ({
  ...tiny,
  training: { ...tiny.training, lossScale },
  teachers: [teacherScaled(lossScale)],
});

describe("runRecipe", () => {
  it("writes recipe, metrics, checkpoints and weights of teacher and student", async () => {
    const folder = newFolder();
    await run(tiny, options(folder));
    expect(readdirSync(folder).toSorted()).toEqual([
      "checkpoints",
      "events.out.tfevents.0000000001",
      "metrics.jsonl",
      "recipe.toml",
      "teacher",
      "weights-ema.safetensors",
      "weights.safetensors",
    ]);
    expect(readdirSync(join(folder, "teacher")).toSorted()).toEqual([
      "checkpoints",
      "events.out.tfevents.0000000001",
      "metrics.jsonl",
      "weights.safetensors",
    ]);
    expect(readdirSync(join(folder, "checkpoints")).at(-1)).toBe("step-00000012");
    expect(readFileSync(join(folder, "recipe.toml"), "utf8")).toBe('name = "tiny"\n');
  });

  it("writes the same files with --memory low", async () => {
    const [one, two] = [newFolder(), newFolder()];
    await run(tiny, options(one));
    await run(tiny, options(two, { memory: "low" }));
    expect(weightsIn(two).equals(weightsIn(one))).toBe(true);
  });

  type Treatment = Pick<Recipe, "data" | "mixing" | "model"> & { readonly microBatch?: Recipe["training"]["microBatch"] };
  const unmixed: Treatment = tiny;
  /** Mixup, CutMix or erasing at nearly every step. */
  const mixed: Treatment = {
    data: { ...tiny.data, erasing: 0.9 },
    mixing: { mixup: 0.8, cutmix: 1, probability: 0.9, cutmixShare: 0.5, group: 2 },
    model: tiny.model,
  };
  const eightPixels: Treatment = {
    data: { ...tiny.data, train: "digits:train", images: 8 },
    mixing: tiny.mixing,
    model: { ...tiny.model, imageSize: 8, classes: 10 },
  };

  it.each([
    ["normal", null, "unmixed", unmixed],
    ["low", null, "unmixed", unmixed],
    ["normal", "dynamic", "unmixed", unmixed],
    ["normal", null, "mixed and erased", mixed],
    ["normal", null, "larger images", eightPixels],
    ["normal", "dynamic", "larger images in micro-batches", { ...eightPixels, microBatch: 2 }],
    ["low", null, "larger images one by one", { ...eightPixels, microBatch: 1 }],
  ] as const)(
    "allocates on the wasm engine what was planned before the training, memory %s, loss scale %s, %s",
    async (memory, lossScale, _, { data, mixing, model, microBatch = null }: Treatment) => {
      const { imageSize, classes } = model;
      const teacher = { ...teacherScaled(lossScale), imageSize, model: { ...tinyTeacher.model, classes } };
      const training = { ...tiny.training, lossScale, microBatch };
      const recipe: Recipe = { ...tiny, data: { ...data, test: "synthetic:11" }, mixing, model, training, teachers: [teacher] };
      const { planned, allocated, live } = await bytesOnWasm(
        (engine, look) => runRecipe(engine, recipe, options(newFolder(), { memory, onProgress: look })), // in an epoch's last step this is after the evaluation
      );
      expect(allocated).toBe(planned);
      expect(live).toBe(0);
    },
  );

  it("refuses a batch that does not fit before anything is written, and names one that does", async () => {
    const folder = newFolder();
    const { model, training, data } = tiny;
    const large = { ...plain, model: { ...model, distilled: false, width: 512 }, training: { ...training, batch: 100_000 } };
    const refused = runRecipe(await wasmEngine(), { ...large, data: { ...data, train: "synthetic:100000" } }, options(folder));
    await expect(refused).rejects.toThrow(
      /^wasm: a batch of 100000 needs .* MB; a batch of \d+ would fit, a batch of \d+ would fit with --memory low$/,
    );
    expect(existsSync(folder)).toBe(false);
  });

  it("writes equal files for equal recipes, and others for another seed", async () => {
    const [one, two, three] = [newFolder(), newFolder(), newFolder()];
    await run(tiny, options(one));
    await run({ ...tiny, name: "twin" }, options(two));
    await run({ ...tiny, seed: 4 }, options(three));
    expect(weightsIn(two).equals(weightsIn(one))).toBe(true);
    expect(weightsIn(three).equals(weightsIn(one))).toBe(false);
  });

  it("says that it trains on its test images if it does", async () => {
    const [same, other] = [[] as string[], [] as string[]];
    await run({ ...plain, data: { ...tiny.data, test: "synthetic:13" } }, options(newFolder(), { onNotice: (line) => same.push(line) }));
    await run(plain, options(newFolder(), { onNotice: (line) => other.push(line) }));
    expect(same).toEqual(["data: synthetic:13 and synthetic:13 are the same images, so the accuracies are those of training images"]);
    expect(other).toEqual([]);
  });

  it("writes weights that reproduce its accuracy", async () => {
    const folder = newFolder();
    const { student } = await finished(tiny, options(folder));
    const { config, classes, preprocessing, ...weights } = readWeights(weightsIn(folder));
    const test = synthetic(7, { channels: 1, side: config.imageSize, classes: classes?.length ?? 0 });
    const engine = referenceEngine();
    const params = uploadWeights(engine.kernels, { config, ...weights });
    expect(await evaluate(engine, { config, params }, evaluationBatches(test, 60, preprocessing ?? tiny.data), "mean")).toEqual(
      student.mean,
    );
  });

  it("writes the teacher's parameters and running statistics under timm's names, in timm's order", async () => {
    const folder = newFolder();
    await run(tiny, options(folder));
    const { tensors } = parseSafetensors(weightsIn(join(folder, "teacher")));
    expect([...tensors.keys()]).toEqual([...regnetShapes(tinyTeacher.model).keys()]);
    expect([...(tensors.get("stem.bn.num_batches_tracked")?.data ?? [])]).toEqual([6]);
  });

  it("measures teacher, heads and tokens", async () => {
    const result = await finished(tiny, options(newFolder()));
    expect(result.teacher?.images).toBe(7);
    expect(result.student.distillation?.images).toBe(7);
    expect(result.cosines?.blocks).toHaveLength(2);
  });

  it.each([
    [1, [0, 1, 2, 3]],
    [3, [2, 3]],
    [0, [3]],
  ])("measures the accuracies every %i epochs, and in the last one, with the same weights", async (measureEvery, epochs) => {
    const [every, some] = [newFolder(), newFolder()];
    const recipe = tinyOf(4);
    await finished(recipe, options(every));
    await finished(recipe, options(some, { measureEvery }));
    const rows = metricsText(join(some, "metrics.jsonl"))
      .split("\n")
      .map((line): { readonly epoch: number; readonly top1?: number } => JSON.parse(line));
    expect(rows.filter(({ top1 }) => top1 !== undefined).map(({ epoch }) => epoch)).toEqual(epochs);
    expect(weightsIn(some).equals(weightsIn(every))).toBe(true);
  });

  it("continues a run that began before there was data.images", () => {
    const { images, ...before } = tiny.data;
    expect(images).toBeNull();
    expect(digestOfRecord(identityOfData(tiny.data))).toBe(digestOfRecord(before));
    expect(digestOfRecord(identityOfData({ ...tiny.data, images: 9 }))).not.toBe(digestOfRecord(before));
  });

  it("continues a run that began before there was init.positions", () => {
    const before = { from: "a.npz", heads: "keep" } as const;
    const digestWith = (positions: PositionMethod): string => digestOfRecord(identityOfInit({ ...before, positions }));
    expect(digestWith("bicubic")).toBe(digestOfRecord(before));
    expect(digestWith("bilinear")).not.toBe(digestOfRecord(before));
    expect(identityOfInit(null)).toBeNull();
  });

  it("continues a run that began before there was distillation.direction", () => {
    const before = { kind: "soft", lambda: 0.1, tau: 3, divideBy: "batch", student: "distillation" } as const;
    const digestOf = (direction: Direction): string => digestOfRecord(identityOfDistillation({ ...before, direction }));
    expect(digestOf("teacher-first")).toBe(digestOfRecord(before));
    expect(digestOf("student-first")).not.toBe(digestOfRecord(before));
  });

  it("trains on as many images as the recipe says, the same after a stop", async () => {
    const recipe: Recipe = { ...plain, data: { ...plain.data, images: 9 } };
    const [whole, pieces] = [newFolder(), newFolder()];
    await finished(recipe, options(whole));
    await run(recipe, options(pieces, { stop: () => true }));
    await finished(recipe, options(pieces, { resume: true }));
    expect(metricsText(join(whole, "metrics.jsonl")).split("\n")).toHaveLength(2 * plain.training.schedule.epochs); // nine images are two batches of 4
    expect(weightsIn(pieces).equals(weightsIn(whole))).toBe(true);
  });

  it("trains a plain student without a teacher", async () => {
    const folder = newFolder();
    const result = await finished(plain, options(folder));
    expect([result.teacher, result.student.distillation, result.cosines]).toEqual([null, null, null]);
    expect(existsSync(join(folder, "teacher"))).toBe(false);
  });

  it("writes the same files with a scaled loss", async () => {
    const [one, two] = [newFolder(), newFolder()];
    await run(tiny, options(one));
    await run(scaled("dynamic"), options(two));
    expect(weightsIn(two).equals(weightsIn(one))).toBe(true);
    expect(weightsIn(join(two, "teacher")).equals(weightsIn(join(one, "teacher")))).toBe(true);
  });

  it("refuses to resume a run without a scaled loss with one, and the reverse", async () => {
    const message = "checkpoint.json: is of another recipe; resume with the recipe that it was made with";
    for (const [first, then] of [
      [null, "dynamic"],
      ["dynamic", null],
    ] as const) {
      const folder = newFolder();
      await run(scaled(first), options(folder, { stop: () => true }));
      await expect(run(scaled(then), options(folder, { resume: true }))).rejects.toThrow(message);
    }
  });

  it("leaves no tensor allocated on the engine", async () => {
    const engine = referenceEngine();
    await runRecipe(engine, scaled("dynamic"), options(newFolder()));
    let steps = 0;
    await runRecipe(engine, tiny, options(newFolder(), { stop: () => ++steps === 2 }));
    await runRecipe(engine, tiny, options(newFolder(), { stop: () => ++steps === 10 }));
    expect(engine.memory().live).toBe(0);
  });

  it("continues with bitwise identical results after a stop in the teacher or in the student", async () => {
    const [whole, pieces] = [newFolder(), newFolder()];
    await run(tiny, options(whole));
    let steps = 0;
    const everyFourth = (): boolean => ++steps % 4 === 0;
    let result = await run(tiny, options(pieces, { stop: everyFourth }));
    while (result.interrupted) result = await run(tiny, options(pieces, { stop: everyFourth, resume: true }));
    expect(steps).toBe(6 + 12);
    expect(weightsIn(pieces).equals(weightsIn(whole))).toBe(true);
    expect(weightsIn(join(pieces, "teacher")).equals(weightsIn(join(whole, "teacher")))).toBe(true);
  });

  it("continues with bitwise identical results after a stop in the middle of an epoch, with another number of workers", async () => {
    const recipe: Recipe = { ...plain, ...mixed, data: { ...mixed.data, crop: "resized", rotation: 10 } };
    const [whole, pieces] = [newFolder(), newFolder()];
    await run(recipe, options(whole));
    let steps = 0;
    const everyFifth = (): boolean => ++steps % 5 === 0; // an epoch has three steps
    for (const workers of [2, 0, 1]) await run(recipe, options(pieces, { stop: everyFifth, resume: steps > 0, workers }));
    expect(steps).toBe(12);
    expect(weightsIn(pieces).equals(weightsIn(whole))).toBe(true);
    expect(metricsText(join(pieces, "metrics.jsonl"))).toBe(metricsText(join(whole, "metrics.jsonl")));
  });

  it.each([3, 1])("refuses to resume on other bytes of CIFAR than it began with, for a model of %i channels", async (channels) => {
    const folder = folderOf([1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, new Uint8Array(4 * 3073).fill(batch)] as const));
    const each = (value: number): readonly number[] => Array.from({ length: channels }, () => value);
    const recipe: Recipe = {
      ...plain,
      data: { ...plain.data, train: `cifar10:${folder}:train`, test: "synthetic:4", mean: each(0.5), std: each(0.25) },
      model: { ...plain.model, channels, imageSize: 32, patchSize: 16, classes: 10 },
    };
    const directory = newFolder();
    expect(await run(recipe, options(directory, { stop: () => true }))).toEqual({ interrupted: true });
    const last = join(folder, "data_batch_5.bin");
    const changed = readFileSync(last);
    changed[100] = 77;
    writeFileSync(last, changed);
    const again = run(recipe, options(directory, { resume: true, stop: () => true }));
    await expect(again).rejects.toThrow(`data: cifar10:${folder}:train: the images have changed since the run began: `);
    changed[100] = 5;
    writeFileSync(last, changed);
    expect(await run(recipe, options(directory, { resume: true, stop: () => true }))).toEqual({ interrupted: true });
  });

  it("reports the stage of each step", async () => {
    const stages: string[] = [];
    await run(tiny, options(newFolder(), { onProgress: ({ stage }) => stages.push(stage) }));
    expect(stages).toEqual([...Array.from({ length: 6 }, () => "teacher"), ...Array.from({ length: 12 }, () => "student")]);
  });

  it("refuses a folder that exists already", async () => {
    const folder = temporaryFolder();
    await expect(run(tiny, options(folder))).rejects.toThrow(`run: ${folder} exists already; resume it, or choose another folder`);
  });

  it("refuses data that does not fit the model, before anything is written", async () => {
    const folder = newFolder();
    const digits = { ...tiny, data: { ...tiny.data, train: "digits:train" } };
    await expect(run(digits, options(folder))).rejects.toThrow("digits: the image size must be a multiple of 8, got 4");
    expect(existsSync(folder)).toBe(false);
  });
});
