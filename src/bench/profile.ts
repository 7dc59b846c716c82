/**
 * Where the time of a program goes: a tree of its op calls by path, read off by an observer. What is fused stays fused, and is one call.
 *
 * A call's own time is its time less that of the calls inside it; so own times add up to the time of the whole run. The blocks of a network
 * are one node, `blocks.*`, and so are the parts of equal name in them.
 */
import type { Engine } from "../kernels/engine.ts";
import type { Call, Visitor } from "../kernels/kernels.ts";
import { observe } from "../ops/observe.ts";
import { wallTime, type Clock } from "./clock.ts";
import type { PeakMeter } from "./peak.ts";
import { reserveProgram, type Program } from "./program.ts";
import { median } from "./statistics.ts";

export const phases = ["forward", "recompute", "vjp", "run"] as const;
export type Phase = (typeof phases)[number];

export interface Cost {
  readonly ms: number;
  /** Multiply–adds of matrix products. */
  readonly macs: number;
}

export interface ProfileNode {
  /** The end of a path: `blocks.*`, `attn`, `/attention` (an op without a name of its own in the model). */
  readonly name: string;
  /** Paths that are folded into it. */
  readonly places: number;
  /** What its calls cost apart from the calls inside them, by phase. */
  readonly own: Readonly<Record<Phase, Cost>>;
  readonly children: readonly ProfileNode[];
}

const sumOf = (costs: readonly Cost[]): Cost => ({
  ms: costs.reduce((sum, { ms }) => sum + ms, 0),
  macs: costs.reduce((sum, { macs }) => sum + macs, 0),
});

/** Of a node without its children. */
export const ownCost = ({ own }: ProfileNode): Cost => sumOf(phases.map((phase) => own[phase]));

/** Of a node and all below it, in one phase or in all. */
export function costOf(node: ProfileNode, phase: Phase | null = null): Cost {
  return sumOf([phase === null ? ownCost(node) : node.own[phase], ...node.children.map((child) => costOf(child, phase))]);
}

/** A node while it is counted. */
class Counted {
  readonly name: string;
  readonly places: Set<string> = new Set<string>();
  readonly own: Record<Phase, { ms: number; macs: number }>;
  readonly #children: Map<string, Counted> = new Map<string, Counted>();

  constructor(name: string) {
    this.name = name;
    const none = (): { ms: number; macs: number } => ({ ms: 0, macs: 0 });
    this.own = { forward: none(), recompute: none(), vjp: none(), run: none() };
  }

  child(name: string): Counted {
    const child = this.#children.get(name) ?? new Counted(name);
    this.#children.set(name, child);
    return child;
  }

  finished(): ProfileNode {
    const children = [...this.#children.values()].map((child) => child.finished());
    return { name: this.name, places: this.places.size, own: this.own, children };
  }
}

/** `blocks.11.attn` → `blocks.*.attn` */
const folded = (path: string): string => path.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, "*");

/** Where the parts of an inline op lie: beside it. */
const baseOf = (path: string): string => path.split("/")[0] ?? "";

/** Names of the nodes from the caller's to the call's: of a routine its kind, then its place. */
function namesOf({ phase, op, path }: Call, caller: string): readonly string[] {
  const base = baseOf(caller);
  const below = path.startsWith(base) ? path.slice(base.length).replace(/^\./, "") : path;
  return phase === "run" ? [op, folded(below.replace(`${op}.`, ""))] : [folded(below)];
}

interface Open {
  readonly node: Counted;
  readonly path: string;
  readonly since: Cost;
  /** Of the calls inside. */
  inside: Cost;
}

/** An observer of one run, and what it has seen; the root's own cost is what no op does. */
export function profiler(
  engine: Engine,
  clock: Clock = wallTime,
): { readonly visitor: Visitor; readonly watched: (run: () => void) => ProfileNode } {
  const now = (): Cost => ({ ms: clock(), macs: engine.counters().macs });
  const open: Open[] = [];
  const enter = (node: Counted, path: string): void => void open.push({ node, path, since: now(), inside: { ms: 0, macs: 0 } });
  const leave = (phase: Phase): void => {
    const at = now();
    const call = open.pop();
    if (call === undefined) return;
    const { node, since, inside } = call;
    const whole = { ms: at.ms - since.ms, macs: at.macs - since.macs };
    node.own[phase].ms += whole.ms - inside.ms;
    node.own[phase].macs += whole.macs - inside.macs;
    const caller = open.at(-1);
    if (caller !== undefined) caller.inside = sumOf([caller.inside, whole]);
  };
  const visitor: Visitor = {
    before: (call) => {
      const caller = open.at(-1);
      if (caller === undefined) return;
      const node = namesOf(call, caller.path).reduce((at, name) => at.child(name), caller.node);
      node.places.add(call.path);
      enter(node, call.path);
    },
    after: ({ phase }) => {
      if (open.length > 0) leave(phase);
    },
  };
  const watched = (run: () => void): ProfileNode => {
    const root = new Counted("");
    open.length = 0;
    enter(root, "");
    run();
    leave("run");
    return root.finished();
  };
  return { visitor, watched };
}

export interface Profile {
  /** Of the run whose time is the median. */
  readonly root: ProfileNode;
  /** Median, in GFLOP/s; null: the register peak says nothing of the engine. */
  readonly peakGflops: number | null;
}

/** Runs until WebAssembly is at full speed. */
const WARM_RUNS = 3;

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
  const { visitor, watched } = profiler(engine);
  const { run } = program.work(observe(engine.kernels, visitor), B);
  for (let i = 0; i < WARM_RUNS; i++) run();
  const peaks: number[] = [];
  const roots = Array.from({ length: repetitions }, () => {
    if (peak !== null) peaks.push(peak());
    return watched(run);
  });
  const byTime = roots.toSorted((a, b) => costOf(a).ms - costOf(b).ms);
  const root = byTime[Math.floor((repetitions - 1) / 2)];
  if (root === undefined) throw new RangeError("profile: at least one run");
  return { root, peakGflops: peak === null ? null : median(peaks) };
}
