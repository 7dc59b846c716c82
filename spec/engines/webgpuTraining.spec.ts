/** Training on the WebGPU engine: it agrees with the WASM engine, repeats bitwise, takes one command buffer a step, and no more memory over time. */
import { beforeAll, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { evaluate, type Leaves } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { digits } from "../../src/data/sources/digits.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import type { DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { deitTaskWithin, type Memory } from "../../src/train/step/deitTask.ts";
import { initialOptimizerState } from "../../src/train/optimizer/optimizer.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { trainStep, type StepSettings, type TrainState } from "../../src/train/step/step.ts";
import { uploadBatch } from "../../src/train/step/uploadBatch.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { webgpuEngine, type WebgpuEngine } from "../../src/webgpu.ts";
import { slight, trainingBatches } from "../helpers/batches.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { tiny } from "../train/tiny.ts";

const config: DeitConfig = { ...tiny.model, imageSize: 16, patchSize: 4, width: 24, classes: 10, distilled: false };
const { optimizer, smoothing } = tiny.training;
const settings: StepSettings = { optimizer, lr: 1e-3, clipNorm: 1, emaDecay: 0 };
const normalisation = { mean: [0.305], std: [0.376] };
const STEPS = 20;
/** Timeout in ms. */
const UNHURRIED = 120_000;
const BATCH = 8;
const [key, dataset] = [keyOf(5), digits("train", config.imageSize)];

interface Run {
  readonly losses: readonly number[];
  readonly weights: Leaves;
  /** After each step, in bytes. */
  readonly memory: readonly { readonly live: number; readonly reserved: number }[];
  /** Command buffers submitted in each step. */
  readonly submits: readonly number[];
}

/** The loss of a step is read while the next steps go on. */
async function train(engine: Engine, memory: Memory, submitted: () => number): Promise<Run> {
  const k = engine.kernels;
  const task = deitTaskWithin(memory, { config, dropPath: 0.1, dropout: 0, distillation: { kind: "none" } });
  const params = initialParams(k, config, fold(key, "init"));
  let state: TrainState<DeitParams, null> = {
    params,
    optimizer: initialOptimizerState(k, optimizer, params),
    buffers: null,
    average: null,
    lossScale: null,
    step: 0,
  };
  const reads: Promise<ArrayLike<number>>[] = [];
  const [used, submits]: [{ live: number; reserved: number }[], number[]] = [[], []];
  for await (const made of trainingBatches(dataset, key, { batch: BATCH, steps: STEPS, settings: slight, normalisation })) {
    const before = submitted();
    const batch = k.region("batch", () => ({
      ...mixedBatch(k, uploadBatch(k, made), [], { classes: config.classes, smoothing }),
      teacher: null,
    }));
    const next = trainStep(k, task, state, batch, fold(key, state.step), settings);
    state = next.state;
    reads.push(engine.read(next.loss));
    engine.release([next.loss, batch]);
    await Promise.resolve(); // the step is submitted now, although nothing has waited for a number
    submits.push(submitted() - before);
    const { live, reserved } = engine.memory();
    used.push({ live, reserved });
  }
  const weights = await evaluate(engine, () => state.params);
  const losses = (await Promise.all(reads)).map((loss) => loss[0] ?? NaN);
  return { losses, weights, memory: used, submits };
}

async function onWebgpu(memory: Memory): Promise<Run> {
  const engine: WebgpuEngine = webgpuEngine({ device: await gpuDevice({ limits: "default" }), slab: 2 ** 24 });
  const run = await train(engine, memory, () => engine.sent().submits);
  engine.close();
  return run;
}

onGpu(`${STEPS} steps of training on the digits, on a device with default limits`, () => {
  let [first, again, lean, onWasm]: readonly Run[] = [];
  beforeAll(async () => {
    first = await onWebgpu("normal");
    again = await onWebgpu("normal");
    lean = await onWebgpu("low");
    onWasm = await train(await wasmEngine(), "normal", () => 0);
  }, UNHURRIED);

  it("give the losses of the WASM engine", () => {
    const { bound } = tolerances.recordedAdamW.f32;
    const gaps = first?.losses.map((loss, i) => Math.abs(loss / (onWasm?.losses[i] ?? NaN) - 1)) ?? [];
    expect(gaps).toHaveLength(STEPS);
    expect(Math.max(...gaps)).toBeLessThan(bound);
  });

  // relative to 1, the scale of the weights of a norm: a bias whose gradient nearly cancels changes by rounding error alone
  it("give the weights of the WASM engine", () => {
    const { bound } = tolerances.recordedAdamW.f32;
    expect(gapOfLeaves(first?.weights ?? new Map(), onWasm?.weights ?? new Map(), 1)).toBeLessThan(bound);
  });

  it("are bitwise repeatable", () => {
    expect(again).toEqual(first);
  });

  it("are bitwise identical with blocks recomputed for their gradients", () => {
    expect({ losses: lean?.losses, weights: lean?.weights }).toEqual({ losses: first?.losses, weights: first?.weights });
  });

  it("hold as much memory after the last step as after the fifth", () => {
    expect(first?.memory.at(-1)).toEqual(first?.memory[4]);
  });

  it("take one command buffer each", () => {
    expect(first?.submits.slice(1)).toEqual(Array.from({ length: STEPS - 1 }, () => 1));
  });
});
