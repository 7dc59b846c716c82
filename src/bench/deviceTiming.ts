/**
 * Timing of short work by the device's own clock: all runs are asked for in one go, each a part of the work, and the parts are read when all
 * are done. So tensors may live in a region, which closes before the device has even begun.
 */
import type { AsynchronousEngine } from "./asynchronous.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import type { Work } from "./timing.ts";

/** Until the device is at full speed. */
const WARM_RUNS = 10;

/**
 * ms of one run of each work.
 *
 * @param works made in a region of their own, in which they run
 * @throws RangeError for a device without a clock
 */
export async function timedByDevice(
  engine: AsynchronousEngine,
  works: () => readonly Work[],
  repetitions: number,
): Promise<readonly Spread[]> {
  const { stopwatch, kernels } = engine;
  if (stopwatch === null) throw new RangeError("bench: the device has no clock to read; it lacks timestamp-query");
  const { cut } = stopwatch;
  const once = ({ before, run }: Work): void => {
    cut();
    before?.();
    cut();
    run();
  };
  let count = 0;
  kernels.region("timed", () => {
    const made = works();
    count = made.length;
    for (const work of made) for (let i = 0; i < WARM_RUNS + repetitions; i++) once(work);
    return null;
  });
  const { parts } = await stopwatch.read();
  const runs = parts.filter((_, part) => part % 2 === 1); // the others are what comes before them
  return Array.from({ length: count }, (_, i) => {
    const end = (i + 1) * (WARM_RUNS + repetitions);
    return spreadOf(runs.slice(end - repetitions, end));
  });
}
