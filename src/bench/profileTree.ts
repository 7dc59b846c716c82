/** A program's op calls as a tree by path, with their costs. */

export const phases = ["forward", "recompute", "vjp", "run"] as const;
export type Phase = (typeof phases)[number];

/** How much of everything that is counted. */
export interface Cost {
  readonly ms: number;
  /** Multiply–adds of matrix multiplications. */
  readonly macs: number;
  /** Dispatches of a device; 0 where they are not counted. */
  readonly dispatches: number;
  /** Bytes of the tensors that the dispatches bind, each once for a dispatch; 0 where they are not counted. */
  readonly bytes: number;
  /** Bytes that the dispatches read and write: those that are changed in place count twice, and the scratch counts too. */
  readonly traffic: number;
  /** Multiply–adds that the dispatches execute, with those beyond the edges of matrices and those that are done again. */
  readonly executed: number;
}

export interface ProfileNode {
  /** The end of a path: `blocks.*`, `attn`, or `/attention` for an op that has no name of its own in the model. */
  readonly name: string;
  /** How many paths share this node. */
  readonly places: number;
  /** The cost of its calls by phase, without the calls inside them. */
  readonly own: Readonly<Record<Phase, Cost>>;
  readonly children: readonly ProfileNode[];
}

export const NOTHING: Cost = { ms: 0, macs: 0, dispatches: 0, bytes: 0, traffic: 0, executed: 0 };

/** a + factor·b */
const plus = (a: Cost, b: Cost, factor = 1): Cost => ({
  ms: a.ms + factor * b.ms,
  macs: a.macs + factor * b.macs,
  dispatches: a.dispatches + factor * b.dispatches,
  bytes: a.bytes + factor * b.bytes,
  traffic: a.traffic + factor * b.traffic,
  executed: a.executed + factor * b.executed,
});

/** The cost between two moments. */
export const between = (start: Cost, end: Cost): Cost => plus(end, start, -1);

const sumOf = (costs: readonly Cost[]): Cost => costs.reduce((sum, cost) => plus(sum, cost), NOTHING);

/** The cost of a node without its children. */
export const ownCost = ({ own }: ProfileNode): Cost => sumOf(phases.map((phase) => own[phase]));

/** The cost of a node and everything below it, in one phase or (null) in all. */
export function costOf(node: ProfileNode, phase: Phase | null = null): Cost {
  return sumOf([phase === null ? ownCost(node) : node.own[phase], ...node.children.map((child) => costOf(child, phase))]);
}

/** A node while its costs are still being counted. */
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
