/** What a run reports after each step. */

/** The step that has just been done. */
export interface StepDone {
  /** The epoch of this step, from 0. */
  readonly epoch: number;
  /** Steps done so far. */
  readonly step: number;
  /** Steps of the whole training. */
  readonly steps: number;
  /** The latest loss that has been read, a few steps old; null: none yet. */
  readonly loss: number | null;
  /** The learning rate. */
  readonly lr: number;
}

/** A step with the run's speed. Times count from when this process started or resumed the run. */
export interface Progress extends StepDone {
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
  /** Share of the time that was spent waiting for batches. */
  readonly dataWait: number;
}

/** Time spent since this process started or resumed the run. */
export interface TimeSpent {
  /** Images trained on. */
  readonly images: number;
  /** All time, in ms. */
  readonly elapsed: number;
  /** Time spent waiting for batches, in ms. */
  readonly waited: number;
}

/** The progress of a run of `batch` images a step. */
export function progressOf(done: StepDone, { images, elapsed, waited }: TimeSpent, batch: number): Progress {
  const imagesPerSecond = (1000 * images) / elapsed;
  const secondsLeft = ((done.steps - done.step) * batch) / imagesPerSecond;
  return { ...done, imagesPerSecond, secondsLeft, dataWait: waited / elapsed };
}
