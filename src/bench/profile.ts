/**
 * Where the time of a program goes: a tree of its op calls by path, recorded by an observer. A fused kernel is one call.
 *
 * The time between two consecutive starts or ends of calls belongs to the innermost call that is open, so own times add up to the time of the
 * whole run. The blocks of a network share one node, `blocks.*`, and so do their parts of the same name.
 */
import type { Engine } from "../kernels/engine.ts";
import type { Call, Visitor } from "../kernels/kernels.ts";
import { observe } from "../ops/observe.ts";
import { wallTime, type Clock } from "./clock.ts";
import type { PeakMeter } from "./peak.ts";
import { between, Counted, costOf, NOTHING, type Cost, type Phase, type ProfileNode } from "./profileTree.ts";
import { reserveProgram, type Program } from "./program.ts";
import { median } from "./statistics.ts";

/** `blocks.11.attn` → `blocks.*.attn` */
export const folded = (path: string): string => path.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, "*");

/** The path below which the parts of an inline op are named: that of the op around it. */
const baseOf = (path: string): string => path.split("/")[0] ?? "";

/** Names of the nodes from the caller's node to the call's; for a routine its name, then the place where it runs. */
function namesOf({ phase, op, path }: Call, caller: string): readonly string[] {
  const base = baseOf(caller);
  const below = path.startsWith(base) ? path.slice(base.length).replace(/^\./, "") : path;
  return phase === "run" ? [op, folded(below.replace(`${op}.`, ""))] : [folded(below)];
}

/** A call that has started and not ended. */
export interface OpenCall {
  readonly node: Counted;
  readonly path: string;
  readonly phase: Phase;
}

export interface Watch {
  readonly visitor: Visitor;
  /** Runs a program and returns the root of its tree; the root's own cost is what no op spends. */
  readonly watched: (run: () => void) => Counted;
  /** The innermost call that is open; null: nothing is watched. */
  readonly innermost: () => OpenCall | null;
}

/**
 * An observer of one run at a time.
 *
 * @param spent called at each start and end of a call, with the call that everything spent since the last time belongs to; null: no call
 */
export function watch(spent: (by: OpenCall | null) => void): Watch {
  const open: OpenCall[] = [];
  const enter = (call: OpenCall): void => {
    spent(open.at(-1) ?? null);
    open.push(call);
  };
  const leave = (): void => {
    spent(open.at(-1) ?? null);
    open.pop();
  };
  const visitor: Visitor = {
    before: (call) => {
      const caller = open.at(-1);
      if (caller === undefined) return;
      const node = namesOf(call, caller.path).reduce((at, name) => at.child(name), caller.node);
      node.places.add(call.path);
      enter({ node, path: call.path, phase: call.phase });
    },
    after: () => {
      if (open.length > 0) leave();
    },
  };
  const watched = (run: () => void): Counted => {
    const root = new Counted("");
    open.length = 0;
    enter({ node: root, path: "", phase: "run" });
    run();
    leave();
    return root;
  };
  return { visitor, watched, innermost: () => open.at(-1) ?? null };
}

/** A watch for engines whose cost so far can be read at any moment with `now`. */
export function profiler(now: () => Cost): { readonly visitor: Visitor; readonly watched: (run: () => void) => ProfileNode } {
  let last = NOTHING;
  const { visitor, watched } = watch((by) => {
    const at = now();
    by?.node.spend(by.phase, between(last, at));
    last = at;
  });
  return { visitor, watched: (run) => watched(run).finished() };
}

/** The cost so far of a synchronous engine. */
export const meterOf =
  (engine: Engine, clock: Clock = wallTime): (() => Cost) =>
  () => ({ ...NOTHING, ms: clock(), macs: engine.counters().macs });

export interface Profile {
  /** The run whose time is the median. */
  readonly root: ProfileNode;
  /** Median of the measured peak; null: it does not apply to the engine. */
  readonly peakGflops: number | null;
}

/** Runs before WebAssembly is at full speed. */
const WARM_RUNS = 3;

/**
 * The run whose time is the median.
 *
 * @throws RangeError if there are no runs
 */
export function medianRun(roots: readonly ProfileNode[]): ProfileNode {
  const byTime = roots.toSorted((a, b) => costOf(a).ms - costOf(b).ms);
  const root = byTime[Math.floor((roots.length - 1) / 2)];
  if (root === undefined) throw new RangeError("profile: there must be at least one run, got none");
  return root;
}

/**
 * Profiles a program on B images a run.
 *
 * @throws MemoryError before the first run, if the program does not fit
 */
export function profiled(
  engine: Engine,
  program: Program,
  B: number,
  { repetitions, peak }: { readonly repetitions: number; readonly peak: PeakMeter | null },
): Profile {
  reserveProgram(engine, program, B);
  const { visitor, watched } = profiler(meterOf(engine));
  const { run } = program.work(observe(engine.kernels, visitor), B);
  for (let i = 0; i < WARM_RUNS; i++) run();
  const peaks: number[] = [];
  const roots = Array.from({ length: repetitions }, () => {
    if (peak !== null) peaks.push(peak());
    return watched(run);
  });
  return { root: medianRun(roots), peakGflops: peak === null ? null : median(peaks) };
}
