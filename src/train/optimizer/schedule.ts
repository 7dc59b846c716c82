/**
 * Learning rate: a cosine whose first epochs are replaced by a linear warm-up (deit.md 7.2).
 *
 *   (E32)  f(t) = η₀ + t(η − η₀)/W                              t < W
 *                 η_min + ½(η − η_min)(1 + cos(π t/E))           W ≤ t < E
 *                 η_min                                          t ≥ E
 *
 * t is in epochs, and the rate is constant within an epoch. At t = W it is already below η.
 */

/** The settings of (E32). */
export interface Schedule {
  /** η. DeiT: 5e-4 · batch/512. */
  readonly base: number;
  /** η_min. DeiT: 1e-5. */
  readonly min: number;
  /** η₀, where the warm-up starts. DeiT: 1e-6. */
  readonly warmup: number;
  /** W. DeiT: 5. */
  readonly warmupEpochs: number;
  /** E. DeiT: 300. */
  readonly epochs: number;
}

/** f(t) of (E32). */
export function learningRate({ base, min, warmup, warmupEpochs, epochs }: Schedule, t: number): number {
  if (t < warmupEpochs) return warmup + (t * (base - warmup)) / warmupEpochs;
  if (t < epochs) return min + 0.5 * (base - min) * (1 + Math.cos((Math.PI * t) / epochs));
  return min;
}

/** The learning rate of epoch 0, 1, … in the authors' code, which steps the scheduler at the end of an epoch, so that it lags one epoch behind. */
export const delayedLearningRate = (schedule: Schedule, epoch: number): number => learningRate(schedule, Math.max(0, epoch - 1));

/** The learning rate of an epoch, which is constant within it. */
export const rateOf = ({ schedule, delayed }: { readonly schedule: Schedule; readonly delayed: boolean }, epoch: number): number =>
  delayed ? delayedLearningRate(schedule, epoch) : learningRate(schedule, epoch);
