/**
 * Timing of short work by the device's own clock: all runs are encoded first, each between two marks of the stopwatch, and the times are read
 * when the device is done. So the tensors can live in a region that closes before the device has even begun.
 */
import type { AsynchronousEngine } from "./asynchronous.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import type { Work } from "./timing.ts";

/** Runs until the device is at full speed. */
const WARM_RUNS = 10;

/**
 * Times each work; ms of one run.
 *
 * @param works called in a region, in which the works also run
 * @throws RangeError for a device without a clock
 */
export async function timedByDevice(
  engine: AsynchronousEngine,
  works: () => readonly Work[],
  repetitions: number,
): Promise<readonly Spread[]> {
  const { stopwatch, kernels } = engine;
  if (stopwatch === null) throw new RangeError("bench: op and gemm need the clock of the device, which lacks the feature timestamp-query");
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
  const runs = parts.filter((_, part) => part % 2 === 1); // the even parts are what ran before each
  return Array.from({ length: count }, (_, i) => {
    const end = (i + 1) * (WARM_RUNS + repetitions);
    return spreadOf(runs.slice(end - repetitions, end));
  });
}
