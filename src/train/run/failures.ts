/** Failures of a run that may be tried again: as many as there are while it gets further, a few on the spot. */

/** Where a run is. */
export interface Reached {
  readonly stage: string;
  /** Steps done in this stage. */
  readonly step: number;
}

export interface Failures {
  /** To be told of each step. */
  readonly reached: (place: Reached) => void;
  /** To be told of each failure: how many there have been since a step further than any before, this one included. */
  readonly failed: () => number;
}

/** After so many without a step of progress, another try would end like the others. */
export const MOST_IN_VAIN = 3;

export function countFailures(): Failures {
  const furthest = new Map<string, number>();
  let inVain = 0;
  return {
    reached: ({ stage, step }) => {
      if (step <= (furthest.get(stage) ?? 0)) return;
      furthest.set(stage, step);
      inVain = 0;
    },
    failed: () => ++inVain,
  };
}
