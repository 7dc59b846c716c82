/**
 * Regions own memory, and every kernel checks that its arguments are alive.
 *
 * A block belongs to one region; a tensor is alive while its block has an owner. When a region closes, the blocks that its result reaches move to
 * the region around it, and its other blocks are freed. Ops are synchronous, so the open regions form a stack. The root, at its bottom, never
 * closes; it owns the state that a training loop holds.
 */
import type { Basis, FusedTable, Kernels, Scope } from "../kernels/kernels.ts";
import { matmulSizes, rules } from "../kernels/rules.ts";
import { StaleError } from "../tensor/errors.ts";
import { isTensor, show, size, tensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import { forEachTensor } from "../tensor/tree.ts";

class Region {
  /** null for the root: it never closes, and its list would grow with every new state. */
  readonly blocks: Block[] | null;
  readonly parent: Region | null;
  constructor(parent: Region | null) {
    this.parent = parent;
    this.blocks = parent === null ? null : [];
  }
}

/** One allocation. Recycled memory gets a new block, so a dead block stays dead. */
export class Block {
  owner: Region | null = null;
  died = "";
}

/** The stack of open regions of one engine, which has its own class of blocks. */
export class Regions<B extends Block> {
  #open: Region = new Region(null);
  readonly #type: new (...args: never[]) => B;
  readonly #free: (block: B) => void;

  constructor(type: new (...args: never[]) => B, free: (block: B) => void) {
    this.#type = type;
    this.#free = free;
  }

  /** Makes the innermost open region the owner of a new block. */
  adopt(block: B): B {
    block.owner = this.#open;
    this.#open.blocks?.push(block);
    return block;
  }

  /**
   * The block of a live tensor of this engine.
   *
   * @throws StaleError with `user`, the shape and where the tensor died
   */
  live({ shape, block }: Tensor, user: string): B {
    if (!(block instanceof this.#type)) throw new StaleError(`${user}: tensor ${show(shape)} belongs to another engine`);
    if (block.owner === null) throw new StaleError(`${user}: tensor ${show(shape)} is stale: ${block.died}`);
    return block;
  }

  /** Whether a block belongs to this engine and is alive. */
  isLive(block: object): block is B {
    return block instanceof this.#type && block.owner !== null;
  }

  run<R>(name: string, f: () => R, kept: (result: R) => unknown, moved: unknown): R {
    const region = new Region(this.#open);
    this.#open = region;
    this.#moveIn(moved, region);
    try {
      const result = f();
      this.#promote(name, kept(result), region);
      return result;
    } finally {
      this.#open = region.parent ?? region;
      const blocks = region.blocks ?? [];
      for (let i = 0; i < blocks.length; i++) {
        const block = blocks[i];
        if (block?.owner === region) this.#kill(block, `freed when region ${name} closed`);
      }
    }
  }

  /** Frees every tensor of a tree at once. */
  release(tree: unknown, why: string): void {
    forEachTensor(tree, (t) => {
      if (t.block instanceof Block && t.block.owner === null)
        throw new StaleError(`${why}: tensor ${show(t.shape)} is stale: ${t.block.died} (two handles of one block?)`);
      this.#kill(this.live(t, why), why);
    });
  }

  /** For kernels that write in place: `fresh` gets the memory of `old`, whose handles become stale. */
  takeOver(old: B, fresh: B, why: string): B {
    fresh.owner = old.owner;
    old.owner?.blocks?.push(fresh);
    old.owner = null;
    old.died = why;
    return fresh;
  }

  /** Moves tensors into a new region, but only those that the calling op's own region owns: never its caller's, never the root's. */
  #moveIn(moved: unknown, region: Region): void {
    if (moved === null || region.parent?.parent === null) return;
    forEachTensor(moved, ({ block }) => {
      if (!(block instanceof Block) || block.owner !== region.parent) return;
      block.owner = region;
      region.blocks?.push(block);
    });
  }

  #promote(name: string, result: unknown, region: Region): void {
    const parent = region.parent ?? region;
    forEachTensor(result, ({ shape, block }) => {
      if (!(block instanceof Block)) throw new StaleError(`region ${name}: returns a tensor ${show(shape)} of no engine`);
      if (block.owner === null) throw new StaleError(`region ${name}: returns a stale tensor ${show(shape)}: ${block.died}`);
      if (block.owner !== region) return; // owned further out: an input passed through
      block.owner = parent;
      parent.blocks?.push(block);
    });
  }

  /** Frees a block at once. */
  free(block: B): void {
    this.#kill(block, "freed");
  }

  #kill(block: Block, why: string): void {
    block.owner = null;
    block.died = why;
    if (block instanceof this.#type) this.#free(block);
  }
}

/** The loop of each kernel: it fills `out`, whose shape follows from the rules. `reshape` has no loop. */
export type Loops = { readonly [K in Exclude<keyof Basis, "reshape">]: (out: Tensor, ...args: Parameters<Basis[K]>) => void };

/** The loops by file: those that move, those that reduce, and the elementwise ones. The matrix multiplication has its own file. */
export type MoveLoops = Pick<Loops, "permute" | "slice" | "pad" | "concat" | "expandLeading" | "unfold" | "fold">;
export type ReduceLoops = Pick<Loops, "sumLast" | "meanLast" | "maxLast" | "sumLeading" | "argmaxLast" | "oneHot">;
export type ElementwiseLoops = Omit<Loops, keyof MoveLoops | keyof ReduceLoops | "matmul">;

/**
 * Returns f(), or replays what f() did before: f runs `what`, and its result depends on `given` alone; null: it depends on more, such as an observer.
 */
export type Capturable = (what: object, given: object | null, f: () => unknown) => unknown;

/** What an engine provides: its blocks, its loops (null: shapes only) and its fused kernels. */
export interface Parts<B extends Block> {
  readonly regions: Regions<B>;
  readonly take: (shape: Shape) => B;
  readonly loops: Loops | null;
  readonly fused: FusedTable;
  /** Called once for each kernel; for a matrix multiplication also with its multiply–adds. */
  readonly count: (kernels: number, macs: number) => void;
  /** Provided by an engine that can replay what it did for arguments of the same shapes; default: f runs each time. */
  readonly capturable?: Capturable;
}

/** Checks that every tensor among a kernel's arguments, or in a list among them, is alive. */
function checkAlive<B extends Block>(regions: Regions<B>, kernel: string, args: readonly unknown[]): void {
  for (const arg of args) {
    if (typeof arg !== "object" || arg === null || ArrayBuffer.isView(arg)) continue;
    if (isTensor(arg)) regions.live(arg, kernel);
    else if (Array.isArray(arg) && typeof arg[0] === "object") checkAlive(regions, kernel, arg);
  }
}

/** Each kernel checks that its inputs are alive, applies its shape rule, takes memory, and runs its loop. */
function basisOf<B extends Block>({ regions, take, loops, count }: Parts<B>): Basis {
  const kernel = ([name, rule]: [string, (...args: never[]) => Shape]): [string, (...args: never[]) => Tensor] => {
    const loop: ((...args: never[]) => void) | undefined = loops === null ? undefined : Reflect.get(loops, name);
    const run = (...args: never[]): Tensor => {
      checkAlive(regions, name, args);
      const shape = Reflect.apply(rule, undefined, args);
      const out = tensor(shape, take(shape));
      if (loop !== undefined) Reflect.apply(loop, undefined, [out, ...args]);
      count(1, 0);
      return out;
    };
    return [name, run];
  };
  const basis = Object.fromEntries(Object.entries(rules).map(kernel));
  if (!hasRulesOf(basis)) throw new Error("a kernel without a rule");
  const matmul: Basis["matmul"] = (a, b, transpose) => {
    count(0, size(a.shape) * matmulSizes(a.shape, b.shape, transpose).n);
    return basis.matmul(a, b, transpose);
  };
  return { ...basis, matmul, reshape: (a, shape) => tensor(rules.reshape(a, shape), regions.live(a, "reshape")) };
}

/** A record made from the rules has the kernels' types, because each rule has the arguments of its kernel. */
const hasRulesOf = (kernels: object): kernels is Basis => Object.keys(rules).every((name) => name in kernels);

/** What was changed, which may be null, or else what was there before. */
const orElse = <T>(changed: T | undefined, old: T): T => (changed === undefined ? old : changed);

const join = (path: string, label: string): string => (path === "" ? label : `${path}.${label}`);
const whole = (result: unknown): unknown => result;

/** Makes k: an engine's kernels with regions and settings. A change of settings makes a new, small k; the kernels are on its prototype. */
export function kernelsOf<B extends Block>(parts: Parts<B>): Kernels {
  const { regions, fused, capturable } = parts;
  const region: Kernels["region"] = (name, f, kept = whole, moved = null) => regions.run(name, f, kept, moved);
  const donate: Kernels["donate"] = (tree) => regions.release(tree, "donated");

  class Scoped {
    readonly scope: Scope;
    constructor(scope: Scope) {
      this.scope = scope;
    }
    within(change: Partial<Scope>): Kernels {
      const old = this.scope;
      return make({
        path: change.path ?? old.path,
        label: orElse(change.label, old.label),
        last: orElse(change.last, old.last),
        fused: change.fused ?? old.fused,
        visitor: orElse(change.visitor, old.visitor),
        saves: change.saves ?? old.saves,
        constantWeights: change.constantWeights ?? old.constantWeights,
        recomputing: change.recomputing ?? old.recomputing,
      }); // a spread of a record with unknown keys takes ten times as long
    }
    at(label: string): Kernels {
      return make({ ...this.scope, label: this.scope.label === null ? label : join(this.scope.label, label) });
    }
    last(tree: unknown): Kernels {
      return make({ ...this.scope, last: tree });
    }
    capturable<R>(what: object, given: unknown, f: () => R): R {
      const { visitor, saves, constantWeights, recomputing } = this.scope;
      if (capturable === undefined) return f();
      const isPlain = visitor === null && this.scope.fused === fused;
      return capturable(what, isPlain ? { given, saves, constantWeights, recomputing } : null, f) as R; // f is the only source of such results
    }
  }
  Object.assign(Scoped.prototype, basisOf(parts), { region, donate });
  const make = (scope: Scope): Kernels => new Scoped(scope) as Scoped & Kernels; // the line above put the kernels on the prototype
  return make({ path: "", label: null, last: null, fused, visitor: null, saves: true, constantWeights: false, recomputing: false });
}
