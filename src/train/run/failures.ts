/** Decides how often a failed run is tried again: without limit as long as it makes progress, a few times without progress. */

/** How far a run has come. */
export interface Position {
  readonly stage: string;
  /** Steps done in this stage. */
  readonly step: number;
}

/** Counts failures without progress. */
export interface FailureCount {
  /** To be called after each step. */
  readonly reached: (position: Position) => void;
  /** To be called after each failure. Returns the number of failures, this one included, since the run last came further than before. */
  readonly failed: () => number;
}

/** The run is given up after this many failures without progress. */
export const MAX_WITHOUT_PROGRESS = 3;

/** A new count. */
export function countFailures(): FailureCount {
  const furthest = new Map<string, number>();
  let withoutProgress = 0;
  return {
    reached: ({ stage, step }) => {
      if (step <= (furthest.get(stage) ?? 0)) return;
      furthest.set(stage, step);
      withoutProgress = 0;
    },
    failed: () => ++withoutProgress,
  };
}
