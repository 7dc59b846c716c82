/** Decides how often a failed run is tried again: without limit as long as it makes progress, a few times without progress. */
import type { Engine } from "../../kernels/engine.ts";

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

/** The run is given up after this many failures without progress, if nothing can be changed for the next attempt. */
export const MAX_WITHOUT_PROGRESS = 3;

/** How much work the command buffers of the engines of a run hold, from one device loss to the next. */
export interface WorkOfSubmits {
  /** For the next engine; null: as much as it likes. */
  readonly next: () => number | null;
  /** After a device loss of an engine. Returns whether the next engine's will be smaller. */
  readonly lost: (engine: Engine, failures: number) => boolean;
}

/**
 * A driver that resets a device for the work of a command buffer does so again for the same work. So it is halved after the first loss, and after each that
 * comes without progress; other losses have other causes.
 *
 * @param first for the first engine
 */
export function workOfSubmits(first: number | null): WorkOfSubmits {
  let work = first;
  return {
    next: () => work,
    lost: (engine, failures) => {
      const smaller = engine.smallerWork?.() ?? null;
      if (smaller === null || (work !== null && failures < 2)) return false;
      work = smaller;
      return true;
    },
  };
}

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
