/**
 * `deit bench train`: one whole training step as the authors' (deit.md 7.1): forward, objective, backward, AdamW. Hard distillation is from
 * logits that are there already: the cost of a teacher's own forward is left out.
 */
import { abstractEngine } from "../engines/abstract/engine.ts";
import { fusedKernels } from "../engines/wasm/fused.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import { fold, keyOf } from "../tensor/key.ts";
import { initialOptimizerState } from "../train/optimizer.ts";
import { publishedAdamw, publishedTask } from "../train/publishedTask.ts";
import { trainStep } from "../train/step.ts";
import { benchImages, benchParams } from "./model.ts";
import { drawn } from "./opBench.ts";
import { benchProgram, type ProgramOptions, type ProgramTiming } from "./program.ts";
import type { Work } from "./timing.ts";

export interface TrainTiming extends ProgramTiming {
  /** Held by the engine at the end, in bytes. */
  readonly reservedBytes: number;
  /** What the abstract engine says that a step needs; null: it does not plan for this engine. */
  readonly planBytes: number | null;
  /** Taken anew after the first step. */
  readonly freshBytes: number;
}

/** η, one of a warm-up's first epochs: every step is one that training makes, and no weight runs away. */
const RATE = 1e-6;

/** A step; each run goes on from the one before. */
function stepWork(k: Kernels, config: DeitConfig, B: number): Work {
  const params = benchParams(k, config);
  let state = { params, optimizer: initialOptimizerState(k, publishedAdamw, params), buffers: null, average: null, step: 0 };
  const labels = Array.from({ length: B }, (_, b) => b % config.classes);
  const batch = { images: benchImages(k, config, B), labels: k.upload([B], labels) };
  const teacher = drawn(k, "teacher", B, config.classes);
  const task = publishedTask(config, () => teacher);
  const settings = { optimizer: publishedAdamw, lr: RATE, clipNorm: null, emaDecay: 0 };
  const run = (): void => {
    const { state: next, loss } = trainStep(k, task, state, batch, fold(keyOf(0), state.step), settings);
    state = { ...next, average: null };
    k.donate(loss);
  };
  return { run };
}

/** What the abstract engine says that a step takes on the WASM engine. */
function plannedBytes(config: DeitConfig, B: number): number {
  const planner = abstractEngine(fusedKernels(null));
  stepWork(planner.kernels, config, B).run();
  return planner.memory().reserved;
}

/** Of B images a step. */
export function benchTrain(engine: Engine, config: DeitConfig, B: number, options: ProgramOptions): TrainTiming {
  const planBytes = engine.precision === "f32" ? plannedBytes(config, B) : null;
  engine.reserve(null, (k) => stepWork(k, config, B).run());
  const work = stepWork(engine.kernels, config, B);
  work.run();
  const { fresh } = engine.memory();
  const timing = benchProgram(engine, work, B, options);
  const { fresh: freshAtEnd, reserved } = engine.memory();
  return { ...timing, reservedBytes: reserved, planBytes, freshBytes: freshAtEnd - fresh };
}
