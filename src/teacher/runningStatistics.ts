/**
 * The running statistics that batch norm keeps for evaluation: each batch moves them by a share m towards its own statistics.
 *
 *   mean ← (1 − m) mean + m μ        var ← (1 − m) var + m v n/(n − 1)        m = 0.1 in RegNetY (deit.md 8.1)
 */
import type { Kernels } from "../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../ops/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BatchNormBuffers, BatchStats } from "./batchNorm.ts";
import { mapNorms, type RegnetNorms } from "./norms.ts";

/** Running statistics, and those of a batch. */
export interface RunningInputs {
  /** The running statistics before the batch. */
  readonly running: BatchNormBuffers;
  /** The statistics of the batch. */
  readonly stats: BatchStats;
}

/** How far the running statistics move. */
export interface RunningAttrs {
  /** m, the share of the batch. */
  readonly momentum: number;
}

/** m in RegNetY; also PyTorch's default. */
export const MOMENTUM = 0.1;

/** The buffers of one norm after a batch. Consumes `running`: its handles are stale afterwards. */
export const runningStatistics: Routine<RunningInputs, RunningAttrs, BatchNormBuffers> = defineRoutine({
  name: "runningStatistics",
  run(k, { running, stats }, { momentum }) {
    const moved = (old: Tensor, batch: Tensor): Tensor => k.add(k.scale(old, 1 - momentum), k.scale(batch, momentum));
    const next = {
      running_mean: moved(running.running_mean, stats.mean),
      running_var: moved(running.running_var, stats.variance),
      num_batches_tracked: k.addScalar(running.num_batches_tracked, 1),
    };
    k.donate(running);
    return next;
  },
});

/**
 * The buffers of a network after a batch. Consumes `running`, unless the two trees do not match.
 *
 * @throws RangeError for a norm without statistics, before anything is consumed
 */
export function moveRunning(
  k: Kernels,
  running: RegnetNorms<BatchNormBuffers>,
  stats: RegnetNorms<BatchStats>,
  momentum: number = MOMENTUM,
): RegnetNorms<BatchNormBuffers> {
  const batch = new Map<string, BatchStats>();
  mapNorms(stats, (of, name) => batch.set(name, of));
  const pairs = mapNorms(running, (buffers, name): RunningInputs => {
    const of = batch.get(name);
    if (of === undefined) throw new RangeError(`moveRunning: stats must have ${name}, because running has it`);
    return { running: buffers, stats: of };
  });
  return mapNorms(pairs, (pair, name) => runningStatistics.run(k.at(name), pair, { momentum }));
}
