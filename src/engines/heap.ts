/**
 * The allocator: addresses in one linear memory. A free block is used again for exactly its size. This is bookkeeping only; the engine that computes
 * and the abstract engine that plans for it share it, so that the plan equals the use.
 */
import { MemoryError } from "../tensor/errors.ts";
import { size, tensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import { Block, Regions } from "./region.ts";

export const F32_BYTES = 4;

/** How a memory is laid out. */
export interface Layout {
  /** Blocks start at multiples of so many bytes, and their lengths are multiples of it. */
  readonly alignment: number;
  /** No block crosses a multiple of so many bytes; Infinity: the memory is one piece. */
  readonly span: number;
  /**
   * Which free block of a size is used first: the one freed `last`, which is likely to be in a cache, or the one at the `lowest` address, so that a
   * program that frees all it takes gets the same addresses in every run.
   */
  readonly first: "last" | "lowest";
}

const LINEAR: Layout = { alignment: 64, span: Infinity, first: "last" };

/** Inserts an address into a list in descending order. */
function insert(list: number[], address: number): void {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle] ?? 0) > address) from = middle + 1;
    else to = middle;
  }
  list.splice(from, 0, address);
}

/** A range of the memory. */
export interface Extent {
  /** Address of the first byte. */
  readonly address: number;
  /** Its length in bytes. */
  readonly bytes: number;
}

export class Heap {
  readonly #layout: Layout;
  #top: number;
  #live = 0;
  #peak = 0;
  #free = new Map<number, number[]>();
  /** Free ranges at the ends of spans. */
  #ends: readonly Extent[] = [];
  readonly #reach: (end: number) => void;

  /** @param reach called with the end of each new block before it is taken; throws if the memory cannot reach so far */
  constructor(reach: (end: number) => void = () => undefined, layout: Layout = LINEAR) {
    this.#layout = layout;
    this.#top = layout.alignment; // no block has the address 0
    this.#reach = reach;
  }

  /** The length of a block for `bytes`: a multiple of the alignment, and not 0, so that an empty tensor has an address of its own. */
  rounded(bytes: number): number {
    const { alignment } = this.#layout;
    return Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
  }

  /** Takes a free block of exactly this size, or else a new one, and returns its address. */
  take(bytes: number): number {
    const n = this.rounded(bytes);
    const address = this.#free.get(n)?.pop() ?? this.#fresh(n);
    this.#live += n;
    this.#peak = Math.max(this.#peak, this.#live);
    return address;
  }

  /** A new block: at the end of an earlier span if there is room, or else at the top. */
  #fresh(n: number): number {
    const end = this.#ends.find(({ bytes }) => bytes >= n);
    if (end !== undefined) {
      const left = { address: end.address + n, bytes: end.bytes - n };
      this.#ends = this.#ends.flatMap((other) => (other !== end ? [other] : left.bytes > 0 ? [left] : []));
      return end.address;
    }
    const { span } = this.#layout;
    if (n > span) throw new MemoryError("a tensor", { needed: n, capacity: span });
    const crosses = Math.floor(this.#top / span) < Math.floor((this.#top + n - 1) / span);
    const start = crosses ? Math.ceil(this.#top / span) * span : this.#top;
    this.#reach(start + n); // if it throws, nothing is taken
    if (start > this.#top) this.#ends = [...this.#ends, { address: this.#top, bytes: start - this.#top }];
    this.#top = start + n;
    return start;
  }

  give(address: number, bytes: number): void {
    const n = this.rounded(bytes);
    this.#live -= n;
    const list = this.#free.get(n);
    if (list === undefined) this.#free.set(n, [address]);
    else if (this.#layout.first === "last") list.push(address);
    else insert(list, address);
  }

  /** Runs f and then restores the state from before, whatever f took and gave back; f gets a function that reads the top. */
  trial(f: (top: () => number) => void): void {
    const [top, live, peak, ends] = [this.#top, this.#live, this.#peak, this.#ends];
    const free = new Map([...this.#free].map(([bytes, list]) => [bytes, [...list]]));
    try {
      f(() => this.#top);
    } finally {
      [this.#top, this.#live, this.#peak, this.#ends, this.#free] = [top, live, peak, ends, free];
    }
  }

  /** Bytes in use, the most bytes ever in use at once, and the top, where the next new block would start. */
  report(): { readonly live: number; readonly peak: number; readonly top: number } {
    return { live: this.#live, peak: this.#peak, top: this.#top };
  }
}

/** A block at an address of the memory. */
export class HeapBlock extends Block implements Extent {
  readonly address: number;
  /** Length after rounding. */
  readonly bytes: number;
  /** Bytes of one element. */
  readonly elementBytes: number;
  /** Memory for something computed from this block's numbers, such as a packed weight; freed with the block. */
  kept: Extent | null = null;
  constructor(address: number, bytes: number, elementBytes: number) {
    super();
    this.address = address;
    this.bytes = bytes;
    this.elementBytes = elementBytes;
  }
}

/** What fused kernels use of the heap. A kernel takes all of its memory before it computes. */
export interface HeapAccess {
  /** A new tensor, of f32 or of elements of so many bytes. */
  readonly take: (shape: Shape, elementBytes?: number) => Tensor;
  /** Address of a live tensor, in bytes. */
  readonly address: (t: Tensor) => number;
  /** Memory for something computed from the numbers of `t`, kept as long as `t` lives; the same memory at each call. */
  readonly keep: (
    t: Tensor,
    shape: Shape,
    elementBytes?: number,
  ) => Extent & {
    /** Whether the memory is new, so that its contents must be computed now. */
    readonly fresh: boolean;
  };
  /** What is kept with `t`; null: nothing is. */
  readonly kept: (t: Tensor) => Extent | null;
  /** The memory of `t` under a new handle, for kernels that write in place; all old handles become stale. What is kept with it stays if they write it too. */
  readonly takeOver: (t: Tensor, withKept?: boolean) => Tensor;
  /** Counts a fused kernel and the multiply–adds of its matrix multiplications. */
  readonly count: (macs: number) => void;
}

export interface HeapRegions {
  readonly heap: Heap;
  /** `heap.trial` that also discards what `keep` has added, and calls no hooks. */
  readonly trial: Heap["trial"];
  readonly regions: Regions<HeapBlock>;
  readonly take: (shape: Shape, elementBytes?: number) => HeapBlock;
  readonly access: (count: (macs: number) => void) => HeapAccess;
}

/** What the owner of the memory does when blocks are taken and freed. */
export interface MemoryHooks {
  /** Makes the memory reach this address, or throws. */
  readonly reach: (end: number) => void;
  /** Called after a block is taken. */
  readonly taken: (block: HeapBlock) => void;
  /** Called before a block is freed. */
  readonly freed?: (block: HeapBlock) => void;
}

/**
 * Regions whose blocks are in a heap of their own.
 *
 * @param base where the heap begins in the memory, in bytes
 */
export function heapRegions(base: number, { reach, taken, freed }: MemoryHooks, layout: Layout = LINEAR): HeapRegions {
  class OwnBlock extends HeapBlock {} // tells this engine's tensors from another's
  let inTrial = false;
  const heap = new Heap((end) => {
    if (!inTrial) reach(base + end);
  }, layout);
  const give = ({ address, bytes }: Extent): void => heap.give(address - base, bytes);
  const keeping = new Set<HeapBlock>();
  const regions = new Regions<HeapBlock>(OwnBlock, (block) => {
    if (!inTrial) freed?.(block);
    give(block);
    drop(block);
  });
  const drop = (block: HeapBlock): void => {
    if (block.kept !== null) give(block.kept);
    block.kept = null;
    keeping.delete(block);
  };
  const passOn = (block: HeapBlock, next: HeapBlock): void => {
    [next.kept, block.kept] = [block.kept, null];
    if (keeping.delete(block)) keeping.add(next);
  };
  const take = (shape: Shape, elementBytes = F32_BYTES): HeapBlock => {
    const bytes = heap.rounded(size(shape) * elementBytes);
    const address = base + heap.take(bytes);
    const block = regions.adopt(new OwnBlock(address, bytes, elementBytes));
    if (!inTrial) taken(block);
    return block;
  };
  const access = (count: (macs: number) => void): HeapAccess => ({
    take: (shape, elementBytes) => tensor(shape, take(shape, elementBytes)),
    address: (t) => regions.live(t, "fused kernel").address,
    keep: (t, shape, elementBytes = F32_BYTES) => {
      const block = regions.live(t, "keep");
      if (block.kept !== null) return { ...block.kept, fresh: false };
      const bytes = heap.rounded(size(shape) * elementBytes);
      block.kept = { address: base + heap.take(bytes), bytes };
      keeping.add(block);
      return { ...block.kept, fresh: true };
    },
    kept: (t) => regions.live(t, "kept").kept,
    takeOver: (t, withKept = false) => {
      const old = regions.live(t, "takeOver");
      const fresh = new OwnBlock(old.address, old.bytes, old.elementBytes);
      if (withKept) passOn(old, fresh);
      else drop(old);
      return tensor(t.shape, regions.takeOver(old, fresh, "taken over in place"));
    },
    count,
  });
  const trial: Heap["trial"] = (f) => {
    const before = new Set(keeping);
    inTrial = true;
    heap.trial((top) => {
      try {
        f(top);
      } finally {
        inTrial = false;
        for (const block of keeping) if (!before.has(block)) drop(block);
      }
    });
  };
  return { heap, trial, regions, take, access };
}
