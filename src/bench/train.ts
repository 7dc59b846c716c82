/**
 * `deit bench train`: one whole training step as the authors' (deit.md 7.1): forward, objective, backward, AdamW. Hard distillation is from
 * logits that are there already: the cost of a teacher's own forward is left out.
 */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import { fold, keyOf } from "../tensor/key.ts";
import type { Memory } from "../train/deitTask.ts";
import { initialOptimizerState } from "../train/optimizer.ts";
import { publishedAdamw, publishedTask } from "../train/publishedTask.ts";
import { trainStep } from "../train/step.ts";
import { benchImages, benchParams } from "./model.ts";
import { drawn } from "./opBench.ts";
import type { Program, ProgramWork } from "./program.ts";
import type { Work } from "./timing.ts";

/** η, one of a warm-up's first epochs: every step is one that training makes, and no weight runs away. */
const RATE = 1e-6;

/** A step; each run goes on from the one before. */
function stepWork(k: Kernels, config: DeitConfig, B: number, memory: Memory): Work {
  const params = benchParams(k, config);
  let state = {
    params,
    optimizer: initialOptimizerState(k, publishedAdamw, params),
    buffers: null,
    average: null,
    lossScale: null,
    step: 0,
  };
  const labels = Array.from({ length: B }, (_, b) => b % config.classes);
  const batch = { images: benchImages(k, config, B), labels: k.upload([B], labels) };
  const teacher = drawn(k, "teacher", B, config.classes);
  const task = publishedTask(config, () => teacher, memory);
  const settings = { optimizer: publishedAdamw, lr: RATE, clipNorm: null, emaDecay: 0 };
  const run = (): void => {
    const { state: next, loss } = trainStep(k, task, state, batch, fold(keyOf(0), state.step), settings);
    state = { ...next, average: null, lossScale: null };
    k.donate(loss);
  };
  return { run };
}

/** Steps of training, with so much memory. */
export function trainProgram(config: DeitConfig, memory: Memory): Program {
  const work = (within: Memory): ProgramWork => (k, B) => stepWork(k, config, B, within); // prettier-ignore
  return { work: work(memory), lean: memory === "low" ? null : work("low") };
}
