/**
 * Where the time of a program goes on an asynchronous engine: the tree of profile.ts, by the device's own clock. What is asked for from
 * one call's begin or end to the next is a part of the work; when all is done, each part's time goes to the call that it belongs to. What
 * the device waits for between the parts is the root's own.
 */
import { observe } from "../ops/observe.ts";
import type { AsynchronousEngine } from "./asynchronous.ts";
import { medianRun, watch, type OpenCall } from "./profile.ts";
import { NOTHING, type ProfileNode } from "./profileTree.ts";
import { reserveProgram, type Program } from "./program.ts";

/** The first run compiles, the second binds. */
const WARM_RUNS = 2;

/**
 * The run of B images whose time is the median.
 *
 * @throws MemoryError before the first run; RangeError for a device without a clock
 */
export async function profiledAsynchronous(
  engine: AsynchronousEngine,
  program: Program,
  B: number,
  repetitions: number,
): Promise<ProfileNode> {
  const { stopwatch } = engine;
  if (stopwatch === null) throw new RangeError("profile: the device has no clock to read; it lacks timestamp-query");
  reserveProgram(engine, program, B);
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
      const by = owners[part + 1]; // the part that a cut begins is told at the next one
      by?.node.spend(by.phase, { ...NOTHING, ms });
    });
    root.spend("run", { ...NOTHING, ms: whole - parts.reduce((sum, ms) => sum + ms, 0) });
    roots.push(root.finished());
  }
  return medianRun(roots);
}
