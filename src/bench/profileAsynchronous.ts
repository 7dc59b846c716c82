/**
 * Where the time of a program goes on an asynchronous engine: the tree of profile.ts with times of the device's own clock. The stopwatch is cut at
 * each start and end of a call. When the device is done, the time of each part goes to the call that encoded it; the time that the device waited
 * between parts is the root's own.
 */
import { observe } from "../ops/observe.ts";
import type { AsynchronousEngine } from "./asynchronous.ts";
import { medianRun, watch, type OpenCall } from "./profile.ts";
import { NOTHING, type ProfileNode } from "./profileTree.ts";
import { holdProgram, type Program } from "./program.ts";

/** The first run compiles programs, the second creates bind groups. */
const WARM_RUNS = 2;

/**
 * The run of B images whose time is the median.
 *
 * @throws MemoryError before the first run, if the program does not fit; RangeError for a device without a clock
 */
export async function profiledAsynchronous(
  engine: AsynchronousEngine,
  program: Program,
  B: number,
  repetitions: number,
): Promise<ProfileNode> {
  const { stopwatch } = engine;
  if (stopwatch === null) throw new RangeError("profile: --profile needs the clock of the device, which lacks the feature timestamp-query");
  await holdProgram(engine, program, B);
  const owners: (OpenCall | null)[] = [];
  let macs = 0;
  const { visitor, watched } = watch((by) => {
    const now = engine.counters().macs;
    by?.node.spend(by.phase, { ...NOTHING, macs: now - macs });
    macs = now;
    stopwatch.cut();
    owners.push(by);
  });
  const { run } = program.work(observe(engine.kernels, visitor), B);
  for (let i = 0; i < WARM_RUNS; i++) run();
  await engine.finish();

  const roots: ProfileNode[] = [];
  for (let i = 0; i < repetitions; i++) {
    owners.length = 0;
    const root = watched(run);
    const { parts, whole } = await stopwatch.read();
    parts.forEach((ms, part) => {
      const by = owners[part + 1]; // the owner of a part is known at the cut that ends it
      by?.node.spend(by.phase, { ...NOTHING, ms });
    });
    root.spend("run", { ...NOTHING, ms: whole - parts.reduce((sum, ms) => sum + ms, 0) });
    roots.push(root.finished());
  }
  return medianRun(roots);
}
