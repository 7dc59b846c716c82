/** A program's op calls as a tree by path, and what they cost. */

export const phases = ["forward", "recompute", "vjp", "run"] as const;
export type Phase = (typeof phases)[number];

/** Of everything that is counted, how much. */
export interface Cost {
  readonly ms: number;
  /** Multiply–adds of matrix products. */
  readonly macs: number;
  /** Of a device: what it was told to do; 0 where nobody counts. */
  readonly launches: number;
  /** Read and written by the launches; 0 where nobody counts. */
  readonly bytes: number;
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

export const NOTHING: Cost = { ms: 0, macs: 0, launches: 0, bytes: 0 };

/** a + factor·b */
const plus = (a: Cost, b: Cost, factor = 1): Cost => ({
  ms: a.ms + factor * b.ms,
  macs: a.macs + factor * b.macs,
  launches: a.launches + factor * b.launches,
  bytes: a.bytes + factor * b.bytes,
});

/** What was spent from one moment to another. */
export const between = (start: Cost, end: Cost): Cost => plus(end, start, -1);

const sumOf = (costs: readonly Cost[]): Cost => costs.reduce((sum, cost) => plus(sum, cost), NOTHING);

/** Of a node without its children. */
export const ownCost = ({ own }: ProfileNode): Cost => sumOf(phases.map((phase) => own[phase]));

/** Of a node and all below it, in one phase or in all. */
export function costOf(node: ProfileNode, phase: Phase | null = null): Cost {
  return sumOf([phase === null ? ownCost(node) : node.own[phase], ...node.children.map((child) => costOf(child, phase))]);
}

/** A node while it is counted. */
export class Counted {
  readonly name: string;
  readonly places: Set<string> = new Set<string>();
  readonly #own: Record<Phase, Cost> = { forward: NOTHING, recompute: NOTHING, vjp: NOTHING, run: NOTHING };
  readonly #children: Map<string, Counted> = new Map<string, Counted>();

  constructor(name: string) {
    this.name = name;
  }

  child(name: string): Counted {
    const child = this.#children.get(name) ?? new Counted(name);
    this.#children.set(name, child);
    return child;
  }

  spend(phase: Phase, cost: Cost): void {
    this.#own[phase] = plus(this.#own[phase], cost);
  }

  finished(): ProfileNode {
    const children = [...this.#children.values()].map((child) => child.finished());
    return { name: this.name, places: this.places.size, own: this.#own, children };
  }
}
