/** Measures where the time of a run goes: to training, or to waiting for batches. */
import type { TimeSpent } from "./progress.ts";
import type { Measured } from "./training.ts";

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
