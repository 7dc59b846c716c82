/** What an engine counts of its work. */
import type { Counters } from "../kernels/engine.ts";

/** Counters that start at 0. */
export interface Counter {
  /** Adds so many kernels and so many multiply–adds. */
  readonly count: (kernels: number, macs: number) => void;
  /** The sums so far, as a copy that does not change. */
  readonly counters: () => Counters;
}

export function counter(): Counter {
  const sums = { kernels: 0, macs: 0 };
  return {
    count: (kernels, macs) => {
      sums.kernels += kernels;
      sums.macs += macs;
    },
    counters: () => ({ ...sums }),
  };
}
