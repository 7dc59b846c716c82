/** What a run reports after each step, and where its time goes: to training, or to waiting for batches. */
import type { Measured } from "./training.ts";

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

/** Where the time of a run goes, from one measured step to the next and in all. */
export interface Watch {
  /** The next batch, and the time spent waiting for it. */
  readonly waitFor: <T>(made: Promise<T>) => Promise<T>;
  /** Speed and waiting since the last call. */
  readonly read: (images: number) => Measured;
  /** Since the beginning. */
  readonly total: (images: number) => TimeSpent;
}

/** A watch that starts now. */
export function startWatch(): Watch {
  const began = performance.now();
  let [since, wait, waited] = [began, 0, 0];
  return {
    waitFor: async (made) => {
      const requested = performance.now();
      const value = await made;
      const spent = performance.now() - requested;
      [wait, waited] = [wait + spent, waited + spent];
      return value;
    },
    read: (images) => {
      const now = performance.now();
      const found = { images_per_second: (1000 * images) / (now - since), data_wait: wait / (now - since) };
      [since, wait] = [now, 0];
      return found;
    },
    total: (images) => ({ images, elapsed: performance.now() - began, waited }),
  };
}
