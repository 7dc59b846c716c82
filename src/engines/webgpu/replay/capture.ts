/** The capture of a call: the commands that the op gives, in terms of blocks by number, so that they can be given again for other blocks. */
import { tensor, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import { forEachTensor } from "../../../tensor/tree.ts";
import { HeapBlock, type HeapAccess } from "../../heap.ts";
import type { Bindable, Extent, Machine } from "../machine.ts";
import type { Dispatch } from "../program.ts";

/** Repeats one thing that the op did, on the blocks of another call: those of its arguments, then those that it takes, which the command appends. */
export type Command = (blocks: HeapBlock[]) => void;

export interface CapturedCall {
  readonly commands: readonly Command[];
  /** On the blocks of the captured call. */
  readonly result: unknown;
  /** The blocks of the captured call, by number. */
  readonly numbers: ReadonlyMap<object, number>;
  /** What the call has added to the counters. */
  readonly kernels: number;
  readonly macs: number;
}

/** What the commands of a replay are given to. */
export interface ReplayBackend {
  readonly isLive: (block: object) => block is HeapBlock;
  readonly take: (bytes: number, elementBytes: number) => HeapBlock;
  readonly free: (block: HeapBlock) => void;
  readonly keep: HeapAccess["keep"];
  readonly dispatch: Machine["dispatch"];
  /** Adds to the counters. */
  readonly count: (kernels: number, macs: number) => void;
  readonly counters: () => { readonly kernels: number; readonly macs: number };
}

export function blockAt(blocks: readonly HeapBlock[], n: number): HeapBlock {
  const block = blocks[n];
  if (block === undefined) throw new Error(`replay: there is no block ${n}, only ${blocks.length}`);
  return block;
}

function keptWith(blocks: readonly HeapBlock[], n: number): Extent {
  const { kept } = blockAt(blocks, n);
  if (kept === null) throw new Error(`replay: nothing is kept with block ${n}`);
  return kept;
}

const isWithin = (part: Extent, { address, bytes }: HeapBlock): boolean =>
  part.address >= address && part.address + part.bytes <= address + bytes;

export class Capture {
  readonly #backend: ReplayBackend;
  readonly #commands: Command[] = [];
  readonly #numbers: Map<HeapBlock, number>;
  /** The number of blocks that the arguments have. */
  readonly #given: number;
  /** What is kept with a block: its address → the number of the block. */
  readonly #keeping = new Map<number, number>();
  readonly #before: { readonly kernels: number; readonly macs: number };
  #invalidated = false;

  /** @param numbers the blocks of the arguments */
  constructor(backend: ReplayBackend, numbers: Map<HeapBlock, number>) {
    this.#backend = backend;
    this.#numbers = numbers;
    this.#given = numbers.size;
    this.#before = backend.counters();
  }

  /** The op depends on more than its key: there is nothing to replay. */
  invalidate(): void {
    this.#invalidated = true;
  }

  /** What the call did; null: it cannot be replayed. */
  end(result: unknown): CapturedCall | null {
    forEachTensor(result, ({ block }) => this.#numberOf(block));
    if (this.#invalidated) return null;
    const after = this.#backend.counters();
    const [kernels, macs] = [after.kernels - this.#before.kernels, after.macs - this.#before.macs];
    return { commands: this.#commands, result, numbers: this.#numbers, kernels, macs };
  }

  taken(block: HeapBlock): void {
    const { bytes, elementBytes } = block;
    const { take } = this.#backend;
    this.#numbers.set(block, this.#numbers.size);
    this.#commands.push((blocks) => blocks.push(take(bytes, elementBytes)));
  }

  freed(block: HeapBlock): void {
    const n = this.#numberOf(block);
    const { free } = this.#backend;
    if (block.kept !== null) this.#keeping.delete(block.kept.address);
    if (n < this.#given) this.invalidate(); // whether an argument dies here depends on its owner
    this.#commands.push((blocks) => free(blockAt(blocks, n)));
  }

  kept({ block }: Tensor, shape: Shape, elementBytes: number | undefined, address: number): void {
    const n = this.#numberOf(block);
    const { keep } = this.#backend;
    this.#keeping.set(address, n);
    this.#commands.push((blocks) => keep(tensor(shape, blockAt(blocks, n)), shape, elementBytes));
  }

  dispatched(made: Dispatch, memories: readonly Bindable[]): void {
    const finders = memories.map((memory) => this.#finderOf(memory));
    const { dispatch } = this.#backend;
    this.#commands.push((blocks) =>
      dispatch(
        made,
        finders.map((find) => find(blocks)),
      ),
    );
  }

  #numberOf(block: object): number {
    const n = block instanceof HeapBlock ? this.#numbers.get(block) : undefined;
    if (n === undefined) this.invalidate();
    return n ?? 0;
  }

  /** How to find an operand among the blocks of another call. */
  #finderOf(memory: Bindable): (blocks: readonly HeapBlock[]) => Bindable {
    if (typeof memory === "string") return () => memory;
    if (memory instanceof HeapBlock) {
      const n = this.#numberOf(memory);
      return (blocks) => blockAt(blocks, n);
    }
    if (!("address" in memory)) {
      this.invalidate();
      return () => memory;
    }
    const { address, bytes } = memory;
    const keeper = this.#keeping.get(address);
    if (keeper !== undefined) return (blocks) => keptWith(blocks, keeper);
    const owner = [...this.#numbers.keys()].find((block) => block.owner !== null && isWithin(memory, block));
    const n = owner === undefined ? 0 : this.#numberOf(owner);
    if (owner === undefined) this.invalidate();
    const from = address - (owner?.address ?? 0);
    return (blocks) => ({ address: blockAt(blocks, n).address + from, bytes });
  }
}
