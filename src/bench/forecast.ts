/**
 * What a program would cost on an adapter, computed from its dispatches; nothing runs. The planning engine of webgpu makes every dispatch, and
 * costs/terms.ts has the time of each. Multiply–adds are those that the engine counts. FLOP are those of the kernel's formula
 * (engines/abstract/arithmetic.ts); those of a fused kernel are those of its op's definition.
 *
 * A cost belongs to the op that issued the dispatch, however late it is made.
 */
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import { observe } from "../ops/observe.ts";
import { MemoryError } from "../tensor/errors.ts";
import { largest } from "../train/evaluation/capacity.ts";
import type { Adapter } from "./adapters.ts";
import type { Column } from "./costs/estimate.ts";
import { plannedRuns } from "./costs/kernelRuns.ts";
import { hostRates, type HostRates } from "./costs/rates.ts";
import { kernelMs, stepCost, workOf, type StepCost } from "./costs/terms.ts";
import { watch, type OpenCall } from "./profile.ts";
import type { ProfileNode } from "./profileTree.ts";
import type { Program } from "./program.ts";

export interface ForecastSettings {
  readonly adapter: Adapter;
  readonly precision: WebgpuPrecision;
  /** Default: the measured ones. */
  readonly host?: HostRates;
}

export interface Forecast {
  /** Costs of one run, by op; the times are those of `PROFILED` on the device, without uploads. */
  readonly root: ProfileNode;
  /** Times of one run by term. */
  readonly cost: StepCost;
  /** FLOP of one run by the formulas, matrix multiplications and all else. */
  readonly flop: number;
  /** The most bytes that tensors take at once. */
  readonly memory: number;
}

/** The column of the times by op. */
export const PROFILED: Column = "expected";

/** The forecast of a program on B images. */
export function forecast({ work }: Program, B: number, { adapter, precision, host = hostRates }: ForecastSettings): Forecast {
  const { visitor, watched, innermost } = watch(() => undefined);
  const { engine, kernels, take } = plannedRuns<OpenCall | null>({ capabilities: adapter.reported.capabilities, precision }, innermost);
  const { run } = work(observe(kernels, visitor), B);
  run(); // the first run makes what later ones find, such as the f16 copies of weights
  take();
  const root = watched(run);
  const { runs, uploaded } = take();
  for (const one of runs) one.owner?.node.spend(one.owner.phase, { ms: kernelMs(one, adapter.rates, PROFILED), ...workOf(one) });
  return {
    root: root.finished(),
    cost: stepCost(runs, uploaded, { ...adapter.rates, ...host }),
    flop: runs.reduce((sum, { flop }) => sum + flop, 0),
    memory: engine.memory().reserved,
  };
}

/** The share of an adapter's memory that tensors may take; the driver needs the rest. */
const SHARE = 0.95;
/** The largest batch that is tried. */
const MOST = 4096;

/** The largest batch whose program fits the memory of an adapter; 0: not even one image fits. */
export function largestBatch({ work }: Program, { adapter, precision }: ForecastSettings): number {
  const { engine } = plannedRuns({ capabilities: adapter.reported.capabilities, precision }, () => null);
  return largest(MOST, (B) => {
    try {
      return engine.plan(null, (k) => work(k, B).run()) <= SHARE * adapter.memory;
    } catch (error) {
      if (error instanceof MemoryError) return false; // a tensor is too large for a buffer
      throw error;
    }
  });
}
