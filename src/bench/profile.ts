/**
 * Where the time of a program goes: a tree of its op calls by path, read off by an observer. What is fused stays fused, and is one call.
 *
 * What is spent from one call's begin or end to the next belongs to the innermost call that is open; so own times add up to the time of the
 * whole run. The blocks of a network are one node, `blocks.*`, and so are the parts of equal name in them.
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

/** Where the parts of an inline op lie: beside it. */
const baseOf = (path: string): string => path.split("/")[0] ?? "";

/** Names of the nodes from the caller's to the call's: of a routine its kind, then its place. */
function namesOf({ phase, op, path }: Call, caller: string): readonly string[] {
  const base = baseOf(caller);
  const below = path.startsWith(base) ? path.slice(base.length).replace(/^\./, "") : path;
  return phase === "run" ? [op, folded(below.replace(`${op}.`, ""))] : [folded(below)];
}

/** A call that has begun. */
export interface OpenCall {
  readonly node: Counted;
  readonly path: string;
  readonly phase: Phase;
}

export interface Watch {
  readonly visitor: Visitor;
  /** Runs a program, whose root is what no op does. */
  readonly watched: (run: () => void) => Counted;
}

/**
 * An observer of one run at a time.
 *
 * @param spent told to which call belongs what was spent since it was last told; null: to none
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
  return { visitor, watched };
}

/** A watch that knows at every moment what has been spent so far. */
export function profiler(now: () => Cost): { readonly visitor: Visitor; readonly watched: (run: () => void) => ProfileNode } {
  let last = NOTHING;
  const { visitor, watched } = watch((by) => {
    const at = now();
    by?.node.spend(by.phase, between(last, at));
    last = at;
  });
  return { visitor, watched: (run) => watched(run).finished() };
}

/** What an engine that works at once has spent. */
export const meterOf =
  (engine: Engine, clock: Clock = wallTime): (() => Cost) =>
  () => ({ ...NOTHING, ms: clock(), macs: engine.counters().macs });

export interface Profile {
  /** Of the run whose time is the median. */
  readonly root: ProfileNode;
  /** Median, in GFLOP/s; null: the register peak says nothing of the engine. */
  readonly peakGflops: number | null;
}

/** Runs until WebAssembly is at full speed. */
const WARM_RUNS = 3;

/**
 * The run whose time is the median.
 *
 * @throws RangeError of none
 */
export function medianRun(roots: readonly ProfileNode[]): ProfileNode {
  const byTime = roots.toSorted((a, b) => costOf(a).ms - costOf(b).ms);
  const root = byTime[Math.floor((roots.length - 1) / 2)];
  if (root === undefined) throw new RangeError("profile: at least one run");
  return root;
}

/**
 * Of B images a run.
 *
 * @throws MemoryError before the first run
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
