/** What a run tells of itself after each step. */

export interface Place {
  /** Of the step just done, from 0. */
  readonly epoch: number;
  /** Steps done, and in all. */
  readonly step: number;
  readonly steps: number;
  /** The latest loss that has been read, a few steps old; null: none yet. */
  readonly loss: number | null;
  readonly lr: number;
}

/** Times are of this process only, since it started or resumed the run. */
export interface Progress extends Place {
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
  /** Share of the time that went into making batches. */
  readonly dataWait: number;
}

export interface Spent {
  readonly images: number;
  /** In milliseconds. */
  readonly elapsed: number;
  /** Of them, for batches. */
  readonly waited: number;
}

/** `batch` images a step. */
export function progressOf(place: Place, { images, elapsed, waited }: Spent, batch: number): Progress {
  const imagesPerSecond = (1000 * images) / elapsed;
  const secondsLeft = ((place.steps - place.step) * batch) / imagesPerSecond;
  return { ...place, imagesPerSecond, secondsLeft, dataWait: waited / elapsed };
}
