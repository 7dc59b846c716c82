import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { readTree } from "../../src/io/weights/trees.ts";
import { deitLogits, type DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { deitTask } from "../../src/train/step/deitTask.ts";
import { trainModel, type RunSettings, type Trained } from "../../src/train/run/loop.ts";
import type { Measured, Training } from "../../src/train/run/training.ts";
import type { Progress } from "../../src/train/run/progress.ts";
import type { StudentRecipe } from "../../src/train/run/recipe.ts";
import { metricsText } from "../helpers/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "./tiny.ts";

const STEPS = 12;

/** The training of a student without a teacher, which takes a moment. */
function training(changes: Partial<StudentRecipe> = {}): Training<DeitParams, null, null> {
  const { model: config, data } = tiny;
  const recipe = { ...tiny.training, ...changes };
  const { smoothing, dropPath, dropout } = recipe;
  const key = keyOf(tiny.seed);
  return {
    task: deitTask({ config, model: deitLogits, dropPath, dropout, distillation: { kind: "none" } }),
    target: { classes: config.classes, smoothing },
    teacher: null,
    teacherShare: 0,
    initial: (k) => ({ params: initialParams(k, config, fold(key, "init")), buffers: null }),
    training: recipe,
    dataset: synthetic(13, { channels: 1, side: 4, classes: 3 }),
    side: 4,
    data,
    mixing: null,
    group: 64,
    key,
    digest: "tiny",
    measurement: null,
  };
}

const settings = (directory: string, changes: Partial<RunSettings> = {}): RunSettings => ({
  directory,
  resume: false,
  checkpointEvery: null,
  checkpointMinutes: 0,
  measureEvery: 1,
  onProgress: null,
  stop: null,
  ranks: null,
  reference: null,
  workers: 0,
  onNotice: () => undefined,
  ...changes,
});

interface Finished extends Trained<DeitParams, null> {
  readonly tensors: Awaited<ReturnType<typeof readTree>>;
}

async function train(of: Training<DeitParams, null, null>, run: RunSettings): Promise<Finished> {
  const engine = referenceEngine();
  const trained = await trainModel(engine, of, run);
  return { ...trained, tensors: await readTree(engine, trained.state) };
}

const rowsIn = (directory: string): readonly Record<string, number>[] =>
  readFileSync(join(directory, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line): Record<string, number> => JSON.parse(line));

describe("a run", () => {
  it("that is stopped after each step and resumed ends with bitwise identical state and metrics", async () => {
    const [whole, pieces] = [temporaryFolder(), temporaryFolder()];
    const { tensors } = await train(training(), settings(whole));
    let last = await train(training(), settings(pieces, { stop: () => true }));
    for (let i = 1; i < STEPS; i++) last = await train(training(), settings(pieces, { stop: () => true, resume: true }));
    expect(last.tensors).toEqual(tensors);
    expect(metricsText(join(pieces, "metrics.jsonl"))).toBe(metricsText(join(whole, "metrics.jsonl")));
  });

  it("with SGD resumes with bitwise identical results", async () => {
    const sgd = training({ optimizer: { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 0.01 } });
    const [whole, pieces] = [temporaryFolder(), temporaryFolder()];
    const { tensors } = await train(sgd, settings(whole));
    let steps = 0;
    await train(sgd, settings(pieces, { stop: () => ++steps === 5 }));
    expect((await train(sgd, settings(pieces, { resume: true }))).tensors).toEqual(tensors);
  });

  it("with a scaled loss resumes with bitwise identical results, and with its loss scale", async () => {
    const scaled = training({ lossScale: "dynamic" });
    const [whole, pieces] = [temporaryFolder(), temporaryFolder()];
    const { tensors } = await train(scaled, settings(whole));
    let steps = 0;
    await train(scaled, settings(pieces, { stop: () => ++steps === 5 }));
    expect((await train(scaled, settings(pieces, { resume: true }))).tensors).toEqual(tensors);
    expect(tensors.get("lossScale.clean")).toEqual({ dtype: "F64", shape: [], data: Float64Array.of(STEPS) });
  });

  it("without a scaled loss is not continued with one", async () => {
    const folder = temporaryFolder();
    let steps = 0;
    await train(training(), settings(folder, { stop: () => ++steps === 5 }));
    const scaled = train(training({ lossScale: "dynamic" }), settings(folder, { resume: true }));
    await expect(scaled).rejects.toThrow("nothing named lossScale.scale");
  });

  it("that is stopped reports this and has saved its last step", async () => {
    const folder = temporaryFolder();
    let steps = 0;
    const { interrupted, state } = await train(training(), settings(folder, { stop: () => ++steps === 5 }));
    expect([interrupted, state.step]).toEqual([true, 5]);
    const resumed: number[] = [];
    await train(training(), settings(folder, { resume: true, onProgress: ({ step }) => resumed.push(step) }));
    expect(resumed).toEqual([6, 7, 8, 9, 10, 11, 12]);
  });

  it("that is done has nothing left to resume", async () => {
    const folder = temporaryFolder();
    const { tensors } = await train(training(), settings(folder, { stop: () => false }));
    const again = await train(training(), settings(folder, { resume: true, stop: () => true }));
    expect([again.interrupted, again.state.step]).toEqual([false, STEPS]);
    expect(again.tensors).toEqual(tensors);
  });

  it("holds no more memory at step 12 than at step 2", async () => {
    const engine = referenceEngine();
    const live: number[] = [];
    await trainModel(engine, training(), settings(temporaryFolder(), { onProgress: () => live.push(engine.memory().live) }));
    expect(new Set(live).size).toBe(1);
  });

  it("keeps the learning rate constant inside an epoch", async () => {
    const folder = temporaryFolder();
    await train(training(), settings(folder));
    const rates = rowsIn(folder).map((row) => row["lr"]);
    const rate = (t: number): number => 1e-4 + 0.5 * (1e-2 - 1e-4) * (1 + Math.cos((Math.PI * t) / 4));
    expect(rates).toEqual([1e-3, rate(1), rate(2), rate(3)].flatMap((lr) => [lr, lr, lr]));
  });

  it("can lag one epoch behind with it, like the authors' code", async () => {
    const folder = temporaryFolder();
    await train(training({ delayed: true }), settings(folder));
    const [first, second, third] = [0, 3, 6].map((step) => rowsIn(folder)[step]?.["lr"]);
    expect([first, second]).toEqual([1e-3, 1e-3]);
    expect(third).toBe(1e-4 + 0.5 * (1e-2 - 1e-4) * (1 + Math.cos(Math.PI / 4)));
  });

  it("writes a row for each step, with what is measured in the last one of each epoch", async () => {
    const folder = temporaryFolder();
    let epochs = 0;
    const measured = (): Promise<Measured> => Promise.resolve({ top1: ++epochs / 10 });
    await train({ ...training(), measurement: { measured, forward: () => null, sizes: () => [] } }, settings(folder));
    const rows = rowsIn(folder);
    expect(rows.map((row) => [row["epoch"], row["step"]])).toEqual(Array.from({ length: STEPS }, (_, i) => [Math.floor(i / 3), i + 1]));
    expect(rows.filter((row) => "top1" in row).map((row) => [row["step"], row["top1"]])).toEqual([
      [3, 0.1],
      [6, 0.2],
      [9, 0.3],
      [12, 0.4],
    ]);
  });

  it("stops if the loss is not finite, before it saves a checkpoint", async () => {
    const folder = temporaryFolder();
    const wild = training({ schedule: { base: 1e300, min: 1e300, warmup: 1e300, warmupEpochs: 0, epochs: 4 } });
    await expect(train(wild, settings(folder))).rejects.toThrow("the loss is NaN at step 2 (epoch 0, learning rate 1e+300)");
    expect((await train(training(), settings(folder, { resume: true }))).state.step).toBe(STEPS);
  });

  it("says which tensor made the loss NaN, and which step is to blame, after its checkpoints are as they were", async () => {
    const folder = temporaryFolder();
    const wild = training({ schedule: { base: 1e300, min: 1e300, warmup: 1e300, warmupEpochs: 0, epochs: 4 } });
    await expect(train(wild, settings(folder, { reference: referenceEngine }))).rejects.toThrow(
      /^the loss is NaN at step 2 \(epoch 0\): the first tensor that is not finite is .*; the batch is in .*step-2$/,
    );
    expect(existsSync(join(folder, "failures/step-2/batch.safetensors"))).toBe(true);
  });

  it("whose weights became NaN names the step before", async () => {
    const folder = temporaryFolder();
    const of = training();
    const fifth = JSON.stringify(fold(fold(of.key, "step"), 4));
    const lossAndGrads: typeof of.task.lossAndGrads = (k, model, batch, draws, dLoss) => {
      const made = of.task.lossAndGrads(k, model, batch, draws, dLoss);
      if (JSON.stringify(draws.key) !== fifth) return made;
      const { norm } = made.grads;
      return { ...made, grads: { ...made.grads, norm: { ...norm, bias: k.scale(norm.bias, NaN) } } };
    };
    const failed = train({ ...of, task: { ...of.task, lossAndGrads } }, settings(folder, { reference: referenceEngine }));
    await expect(failed).rejects.toThrow(/at step 5 .*; its gradient is why the loss of step 6 is not finite$/);
  });

  it("refuses the checkpoint of another recipe", async () => {
    const folder = temporaryFolder();
    await train(training(), settings(folder, { stop: () => true }));
    const other = train({ ...training(), digest: "other" }, settings(folder, { resume: true }));
    await expect(other).rejects.toThrow("is of another recipe");
  });

  it("learns: the loss goes down", async () => {
    const folder = temporaryFolder();
    const unaugmented = { ...tiny.data, rotation: 0, padding: 0, flip: false };
    const withoutDropping = training({ dropPath: 0, dropout: 0, schedule: { ...tiny.training.schedule, epochs: 40 } });
    await train({ ...withoutDropping, data: unaugmented }, settings(folder));
    const losses = rowsIn(folder).map((row) => row["loss"] ?? NaN);
    const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(mean(losses.slice(-12))).toBeLessThan(0.8 * mean(losses.slice(0, 12)));
  });

  it("reports each step", async () => {
    const reports: Progress[] = [];
    await train(training(), settings(temporaryFolder(), { onProgress: (p) => reports.push(p) }));
    expect(reports.map((p) => p.step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    expect(reports.map((p) => p.epoch)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    expect(reports.at(-1)?.secondsLeft).toBe(0);
    for (const { imagesPerSecond, dataWait } of reports) expect(imagesPerSecond > 0 && dataWait > 0 && dataWait < 1).toBe(true);
  });
});
