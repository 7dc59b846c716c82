/** The memory of training on the WASM engine is planned, allocated once, and never read before it is written. */
import { describe, expect, it } from "vitest";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { fusedKernels } from "../../src/engines/wasm/fused/table.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { deitConfig, type DeitConfig } from "../../src/model/config.ts";
import type { DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { buildParams } from "../../src/model/params.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { size, type Tensor } from "../../src/tensor/tensor.ts";
import { named } from "../../src/tensor/tree.ts";
import { deitTaskWithin, type Memory } from "../../src/train/step/deitTask.ts";
import { initialLossScale } from "../../src/train/optimizer/lossScale.ts";
import { initialOptimizerState } from "../../src/train/optimizer/optimizer.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { trainStep, type StepSettings, type TrainState } from "../../src/train/step/step.ts";
import type { Batch } from "../../src/train/step/task.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { tiny } from "../train/tiny.ts";

const { optimizer, smoothing, dropPath, dropout } = tiny.training;
const settings: StepSettings = { optimizer, lr: 1e-3, clipNorm: null, emaDecay: 0 };

interface Size {
  readonly config: DeitConfig;
  readonly batch: number;
  readonly memory: Memory;
  /** Whether the loss is scaled. */
  readonly scaled: boolean;
}

const small: Size = { config: tiny.model, batch: 4, memory: "normal", scaled: false };
/** DeiT-Ti⚗ as published. */
const published: Size = { config: deitConfig("deit-tiny-distilled"), batch: 2, memory: "normal", scaled: false };

/** Sine waves, so that no tensor is all zero. */
const waves = (k: Kernels, shape: readonly number[], step: number): Tensor =>
  k.upload(
    shape,
    Float64Array.from({ length: size(shape) }, (_, i) => Math.sin(i * step)),
  );

const batchOf = (k: Kernels, { config: { channels, imageSize, classes }, batch }: Size): Batch =>
  k.region("batch", () => {
    const labels = Float64Array.from({ length: batch }, (_, i) => i % classes);
    const given = { images: waves(k, [batch, channels, imageSize, imageSize], 0.37), labels: k.upload([batch], labels) };
    return { ...mixedBatch(k, given, [], { classes, smoothing }), teacher: waves(k, [batch, classes], 0.7) };
  });

const stateOf = (k: Kernels, params: DeitParams, { scaled }: Size): TrainState<DeitParams, null> => ({
  params,
  optimizer: initialOptimizerState(k, optimizer, params),
  buffers: null,
  average: null,
  lossScale: scaled ? initialLossScale(k) : null,
  step: 0,
});

/** Parameters for specs where only sizes matter. */
const zeroParams = (k: Kernels, config: DeitConfig): DeitParams => buildParams(config, (_, shape) => k.zeros(shape));

/** A step of hard distillation; the batch and the loss are donated. */
function step(k: Kernels, state: TrainState<DeitParams, null>, at: Size): TrainState<DeitParams, null> {
  const { config, memory } = at;
  const task = deitTaskWithin(memory, { config, dropPath, dropout, distillation: tiny.distillation });
  const batch = batchOf(k, at);
  const next = trainStep(k, task, state, batch, keyOf(state.step), settings);
  k.donate([next.loss, batch]);
  return next.state;
}

describe.each([
  ["a small model", small],
  ["DeiT-Ti⚗", published],
  ["a small model in less memory", { ...small, memory: "low" }],
  ["DeiT-Ti⚗ in less memory", { ...published, memory: "low" }],
  ["a small model with a scaled loss", { ...small, scaled: true }],
] as const)("training %s", (_, at) => {
  it("allocates nothing after the first step, and exactly what the abstract engine plans with the same heap", async () => {
    const [engine, planner] = [await wasmEngine(), abstractEngine(fusedKernels(null))];
    let [state, planned] = [stateOf(engine.kernels, zeroParams(engine.kernels, at.config), at), stateOf(planner.kernels, zeroParams(planner.kernels, at.config), at)]; // prettier-ignore
    const fresh: number[] = [];
    for (let i = 0; i < 4; i++) {
      [state, planned] = [step(engine.kernels, state, at), step(planner.kernels, planned, at)];
      const [{ live, peak, fresh: taken }, plan] = [engine.memory(), planner.memory()];
      expect({ live, peak, taken }).toEqual({ live: plan.live, peak: plan.peak, taken: plan.reserved });
      fresh.push(taken);
    }
    expect(new Set(fresh).size).toBe(1);
  });

  it("grows the memory once, before the first step", async () => {
    const engine = await wasmEngine();
    let state = stateOf(engine.kernels, zeroParams(engine.kernels, at.config), at);
    engine.reserve(state, (k, held) => step(k, step(k, held, at), at));
    const { reserved } = engine.memory();
    for (let i = 0; i < 3; i++) state = step(engine.kernels, state, at);
    const after = engine.memory();
    expect(after.reserved).toBe(reserved);
    expect(after.reserved).toBeLessThan(1.05 * after.fresh + 3 * 2 ** 20); // for the kernels' own data, the scratch and a page
  });
});

it("a step that may be skipped never needs a second copy of the state", () => {
  const peakOf = (at: Size): number => {
    const { kernels: k, memory } = abstractEngine(fusedKernels(null));
    const state = step(k, stateOf(k, zeroParams(k, at.config), at), at);
    step(k, state, at);
    return memory().peak;
  };
  const largest = 4 * 768 * 192; // bytes of fc1
  expect(peakOf({ ...published, scaled: true })).toBeLessThan(peakOf(published) + largest);
});

/** The state after three steps, by name. */
async function trained(engine: Engine, at: Size): Promise<ReadonlyMap<string, Float32Array | Float64Array>> {
  let state = stateOf(engine.kernels, initialParams(engine.kernels, at.config, keyOf(5)), at);
  for (let i = 0; i < 3; i++) state = step(engine.kernels, state, at);
  return new Map(await Promise.all([...named(state)].map(async ([name, t]) => [name, await engine.read(t)] as const)));
}

it.each([
  ["a small model", small],
  ["DeiT-Ti⚗, three blocks of it", { ...published, config: { ...published.config, depth: 3 } }],
])("low memory gives results bitwise identical to normal memory, with drop path and dropout: %s", async (_, at) => {
  const [engine, lean] = [await wasmEngine(), await wasmEngine()];
  const [normal, low] = [await trained(engine, at), await trained(lean, { ...at, memory: "low" })];
  expect([...low.keys()]).toEqual([...normal.keys()]);
  const bytesOf = (state: typeof normal): Buffer => Buffer.concat([...state.values()].map(({ buffer }) => new Uint8Array(buffer)));
  expect(bytesOf(low).equals(bytesOf(normal))).toBe(true);
  expect(lean.memory().peak).toBeLessThan(engine.memory().peak);
});

it("results are bitwise identical if new memory is filled with NaN: nothing is read before it is written", async () => {
  const [poisoned, plain] = [await trained(await wasmEngine({ build: "debug" }), small), await trained(await wasmEngine(), small)];
  expect(plain.size).toBeGreaterThan(50);
  expect([...plain.values()].every((numbers) => numbers.every(Number.isFinite))).toBe(true);
  expect(poisoned).toEqual(plain);
});

it("addresses beyond 2 GiB give results bitwise identical to low ones", { skip: process.env["DEIT_LONG"] !== "1" }, async () => {
  const [low, high] = [await wasmEngine(), await wasmEngine()];
  const below = high.kernels.zeros([2 ** 29 - 2 ** 12]); // so that some tensors cross the middle
  expect(await trained(high, small)).toEqual(await trained(low, small));
  expect(high.memory().fresh).toBeGreaterThan(2 ** 31);
  high.release(below);
});
