/**
 * Addresses in one linear memory of f32: exact sizes, last in first out. Bookkeeping only, the same for the engine that computes there and
 * for the abstract one that plans for it, so that a plan equals the use.
 */
import { size, tensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import { Block, Regions } from "./region.ts";

/** Blocks start at multiples of this many bytes and are as long as such a multiple. */
const GRAIN = 64;
const BYTES_PER_ELEMENT = 4;

/** At least one grain, so that an empty tensor has an address of its own too. */
const rounded = (bytes: number): number => Math.max(GRAIN, Math.ceil(bytes / GRAIN) * GRAIN);

export class Heap {
  #top = GRAIN; // address 0 is never handed out
  #live = 0;
  #peak = 0;
  #free = new Map<number, number[]>();
  readonly #reach: (end: number) => void;

  /** @param reach told how far a new block will reach; throws if there is no such memory */
  constructor(reach: (end: number) => void = () => undefined) {
    this.#reach = reach;
  }

  /** An address for `bytes`: that of the block of this size which was given back last, else a new one at the top. */
  take(bytes: number): number {
    const n = rounded(bytes);
    const recycled = this.#free.get(n)?.pop();
    if (recycled === undefined) this.#reach(this.#top + n); // if it throws, nothing is taken
    const address = recycled ?? this.#top;
    if (recycled === undefined) this.#top += n;
    this.#live += n;
    this.#peak = Math.max(this.#peak, this.#live);
    return address;
  }

  give(address: number, bytes: number): void {
    const n = rounded(bytes);
    this.#live -= n;
    const list = this.#free.get(n);
    if (list === undefined) this.#free.set(n, [address]);
    else list.push(address);
  }

  /** Runs f, then is as it was before, whatever f took and gave; f is told how to see how far the top has come. */
  trial(f: (top: () => number) => void): void {
    const [top, live, peak] = [this.#top, this.#live, this.#peak];
    const free = new Map([...this.#free].map(([bytes, list]) => [bytes, [...list]]));
    try {
      f(() => this.#top);
    } finally {
      [this.#top, this.#live, this.#peak, this.#free] = [top, live, peak, free];
    }
  }

  /** Bytes in use; the most ever in use; handed out anew so far, which is also where the next new block would start. */
  report(): { readonly live: number; readonly peak: number; readonly top: number } {
    return { live: this.#live, peak: this.#peak, top: this.#top };
  }
}

/** A part of the memory. */
interface Extent {
  readonly address: number;
  /** With what rounding has added. */
  readonly bytes: number;
}

/** A block at an address of the memory. */
export class HeapBlock extends Block implements Extent {
  readonly address: number;
  readonly bytes: number;
  /** What is kept beside it, made of its numbers; dies with it. */
  kept: Extent | null = null;
  constructor(address: number, bytes: number) {
    super();
    this.address = address;
    this.bytes = bytes;
  }
}

/** What a fused kernel is given of the heap. All takes come before all arithmetic. */
export interface HeapAccess {
  readonly take: (shape: Shape) => Tensor;
  /** Address of a live tensor, in bytes. */
  readonly address: (t: Tensor) => number;
  /** Room for numbers that follow from those of `t` and are kept as long as it lives; `fresh`: they have to be made now. */
  readonly keep: (t: Tensor, shape: Shape) => { readonly address: number; readonly fresh: boolean };
  /** The memory of `t` under a new handle, for kernels that write in place: every old handle is stale. */
  readonly takeOver: (t: Tensor) => Tensor;
  /** Multiply–adds of the products that the fused kernel does. */
  readonly count: (macs: number) => void;
}

export interface HeapRegions {
  readonly heap: Heap;
  /** `heap.trial`, after which no tensor from before has kept anything more. */
  readonly trial: Heap["trial"];
  readonly regions: Regions<HeapBlock>;
  readonly take: (shape: Shape) => HeapBlock;
  readonly access: (count: (macs: number) => void) => HeapAccess;
}

/** What the owner of the memory does when some is taken. */
export interface MemoryHooks {
  /** Makes the memory reach to this address, or throws. */
  readonly reach: (end: number) => void;
  readonly taken: (block: HeapBlock) => void;
}

/**
 * Regions over a heap of their own.
 *
 * @param base where the heap begins in the memory, in bytes
 */
export function heapRegions(base: number, { reach, taken }: MemoryHooks): HeapRegions {
  class OwnBlock extends HeapBlock {} // tells this engine's tensors from another's
  const heap = new Heap((end) => reach(base + end));
  const give = ({ address, bytes }: Extent): void => heap.give(address - base, bytes);
  const keeping = new Set<HeapBlock>();
  const regions = new Regions<HeapBlock>(OwnBlock, (block) => {
    give(block);
    drop(block);
  });
  const drop = (block: HeapBlock): void => {
    if (block.kept !== null) give(block.kept);
    block.kept = null;
    keeping.delete(block);
  };
  const take = (shape: Shape): HeapBlock => {
    const bytes = rounded(size(shape) * BYTES_PER_ELEMENT);
    const address = base + heap.take(bytes);
    const block = regions.adopt(new OwnBlock(address, bytes));
    taken(block);
    return block;
  };
  const access = (count: (macs: number) => void): HeapAccess => ({
    take: (shape) => tensor(shape, take(shape)),
    address: (t) => regions.live(t, "fused kernel").address,
    keep: (t, shape) => {
      const block = regions.live(t, "keep");
      if (block.kept !== null) return { address: block.kept.address, fresh: false };
      const bytes = rounded(size(shape) * BYTES_PER_ELEMENT);
      block.kept = { address: base + heap.take(bytes), bytes };
      keeping.add(block);
      return { address: block.kept.address, fresh: true };
    },
    takeOver: (t) => {
      const old = regions.live(t, "takeOver");
      drop(old);
      return tensor(t.shape, regions.takeOver(old, new OwnBlock(old.address, old.bytes), "taken over in place"));
    },
    count,
  });
  const trial: Heap["trial"] = (f) => {
    const before = new Set(keeping);
    heap.trial((top) => {
      try {
        f(top);
      } finally {
        for (const block of keeping) if (!before.has(block)) drop(block);
      }
    });
  };
  return { heap, trial, regions, take, access };
}
