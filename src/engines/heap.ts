/**
 * Addresses in one linear memory, handed out again for exactly their size. Bookkeeping only, the same for the engine that computes there and
 * for the abstract one that plans for it, so that a plan equals the use.
 */
import { MemoryError } from "../tensor/errors.ts";
import { size, tensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import { Block, Regions } from "./region.ts";

export const F32_BYTES = 4;

/** How a memory is laid out. */
export interface Layout {
  /** Blocks start at multiples of this many bytes and are as long as such a multiple. */
  readonly grain: number;
  /** No block crosses a multiple of this many bytes; Infinity: the memory is of one piece. */
  readonly span: number;
  /**
   * Which of the free blocks of a size is handed out: the `last` that was given back, which is likely to be in a cache; or the one at the `lowest`
   * address, so that a program which leaves its memory as it found it gets the same addresses when it is run again.
   */
  readonly first: "last" | "lowest";
}

const LINEAR: Layout = { grain: 64, span: Infinity, first: "last" };

/** Puts an address into a list that falls. */
function insert(list: number[], address: number): void {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle] ?? 0) > address) from = middle + 1;
    else to = middle;
  }
  list.splice(from, 0, address);
}

/** A part of the memory. */
interface Extent {
  /** Of its first byte. */
  readonly address: number;
  /** Its length. */
  readonly bytes: number;
}

export class Heap {
  readonly #layout: Layout;
  #top: number;
  #live = 0;
  #peak = 0;
  #free = new Map<number, number[]>();
  /** What is left at the ends of spans. */
  #ends: readonly Extent[] = [];
  readonly #reach: (end: number) => void;

  /** @param reach told how far a new block will reach; throws if there is no such memory */
  constructor(reach: (end: number) => void = () => undefined, layout: Layout = LINEAR) {
    this.#layout = layout;
    this.#top = layout.grain; // address 0 is never handed out
    this.#reach = reach;
  }

  /** At least one grain, so that an empty tensor has an address of its own too. */
  rounded(bytes: number): number {
    const { grain } = this.#layout;
    return Math.max(grain, Math.ceil(bytes / grain) * grain);
  }

  /** An address for `bytes`: that of a free block of this size, else a new one. */
  take(bytes: number): number {
    const n = this.rounded(bytes);
    const address = this.#free.get(n)?.pop() ?? this.#fresh(n);
    this.#live += n;
    this.#peak = Math.max(this.#peak, this.#live);
    return address;
  }

  /** At the end of an earlier span if there is room, else at the top. */
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

  /** Runs f, then is as it was before, whatever f took and gave; f is told how to see how far the top has come. */
  trial(f: (top: () => number) => void): void {
    const [top, live, peak, ends] = [this.#top, this.#live, this.#peak, this.#ends];
    const free = new Map([...this.#free].map(([bytes, list]) => [bytes, [...list]]));
    try {
      f(() => this.#top);
    } finally {
      [this.#top, this.#live, this.#peak, this.#ends, this.#free] = [top, live, peak, ends, free];
    }
  }

  /** Bytes in use; the most ever in use; handed out anew so far, which is also where the next new block would start. */
  report(): { readonly live: number; readonly peak: number; readonly top: number } {
    return { live: this.#live, peak: this.#peak, top: this.#top };
  }
}

/** A block at an address of the memory. */
export class HeapBlock extends Block implements Extent {
  readonly address: number;
  /** With what rounding has added. */
  readonly bytes: number;
  /** Of one number. */
  readonly elementBytes: number;
  /** What is kept beside it, made of its numbers; dies with it. */
  kept: Extent | null = null;
  constructor(address: number, bytes: number, elementBytes: number) {
    super();
    this.address = address;
    this.bytes = bytes;
    this.elementBytes = elementBytes;
  }
}

/** What a fused kernel is given of the heap. All takes come before all arithmetic. */
export interface HeapAccess {
  /** Of f32, or of elements of so many bytes. */
  readonly take: (shape: Shape, elementBytes?: number) => Tensor;
  /** Address of a live tensor, in bytes. */
  readonly address: (t: Tensor) => number;
  /** Room for numbers that follow from those of `t` and are kept as long as it lives. */
  readonly keep: (
    t: Tensor,
    shape: Shape,
    elementBytes?: number,
  ) => Extent & {
    /** Whether they have to be made now. */
    readonly fresh: boolean;
  };
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
  readonly take: (shape: Shape, elementBytes?: number) => HeapBlock;
  readonly access: (count: (macs: number) => void) => HeapAccess;
}

/** What the owner of the memory does when some is taken. */
export interface MemoryHooks {
  /** Makes the memory reach to this address, or throws. */
  readonly reach: (end: number) => void;
  readonly taken: (block: HeapBlock) => void;
  /** Before some is given back. */
  readonly freed?: (block: HeapBlock) => void;
}

/**
 * Regions over a heap of their own.
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
    takeOver: (t) => {
      const old = regions.live(t, "takeOver");
      drop(old);
      return tensor(t.shape, regions.takeOver(old, new OwnBlock(old.address, old.bytes, old.elementBytes), "taken over in place"));
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
