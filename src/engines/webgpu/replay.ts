/**
 * What an op did, done again without the op: the same memory taken and given back, the same launches. So the host need not go through a network
 * op by op at each step of a training.
 *
 * An op is a function of its arguments, and of tensors only shapes, storage and which of them are one decide what it does: calls that have these
 * and all other values in common do the same, wherever their memory lies. The second of them is recorded, as many a call has none like it. Not
 * recorded is what depends on more: numbers of the host that are uploaded, tables of places, the death of an argument. Ops that someone
 * watches are not done again (region.ts).
 */
import { isTensor, tensor, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { forEachTensor, mapTree } from "../../tensor/tree.ts";
import { HeapBlock, type HeapAccess } from "../heap.ts";
import type { Capturable } from "../region.ts";
import type { Bindable, Extent, Machine } from "./machine.ts";
import type { Launch } from "./program.ts";

/** Calls that are remembered at most: ever new arguments would fill the memory with them. */
const MOST_KEPT = 100;

/** Does once more what was done, with the blocks of this call: those of its arguments, then those that it takes. */
type Deed = (blocks: HeapBlock[]) => void;

/** Blocks by their number in a call. */
type Numbers = ReadonlyMap<object, number>;

interface Recording {
  readonly deeds: readonly Deed[];
  /** On the blocks of the call that was recorded. */
  readonly result: unknown;
  readonly numbers: Numbers;
  readonly kernels: number;
  readonly macs: number;
}

/** Of a call: met once; cannot be recorded; was. */
type Known = "once" | "never" | Recording;

/** The call that is being recorded. */
interface Open {
  readonly deeds: Deed[];
  readonly given: number;
  readonly numbers: Map<HeapBlock, number>;
  /** Which block is kept at an address. */
  readonly keeping: Map<number, number>;
  spoilt: boolean;
}

/** What works, and does again. */
export interface Player {
  readonly isLive: (block: object) => block is HeapBlock;
  readonly take: (bytes: number, elementBytes: number) => HeapBlock;
  readonly free: (block: HeapBlock) => void;
  readonly keep: HeapAccess["keep"];
  readonly launch: Machine["launch"];
  readonly count: (kernels: number, macs: number) => void;
  readonly done: () => { readonly kernels: number; readonly macs: number };
}

/** Is told of all that is done. */
export interface Replay {
  readonly capturable: Capturable;
  readonly taken: (block: HeapBlock) => void;
  readonly freed: (block: HeapBlock) => void;
  readonly kept: (t: Tensor, shape: Shape, elementBytes: number | undefined, address: number) => void;
  readonly launched: (launch: Launch, memories: readonly Bindable[]) => void;
  /** What is done now depends on more than shapes. */
  readonly spoilt: () => void;
}

/** All of some arguments that decides what an op does; their blocks are added to `numbers`. Null: more than that does. */
function textOf(given: unknown, numbers: Map<HeapBlock, number>, isLive: Player["isLive"]): string | null {
  if (given === null || given === undefined || typeof given === "boolean") return `${given}`;
  if (typeof given === "number") return Object.is(given, -0) ? "-0" : `${given}`;
  if (typeof given === "string") return JSON.stringify(given);
  if (typeof given !== "object") return null;
  if (isTensor(given)) {
    const { block, shape } = given;
    if (!isLive(block)) return null; // which the op refuses
    const known = numbers.get(block);
    if (known === undefined) numbers.set(block, numbers.size);
    return `${known ?? `new ${block.bytes} ${block.elementBytes} ${block.kept?.bytes}`}:${shape.join()}`;
  }
  const isList = Array.isArray(given);
  const proto: unknown = Object.getPrototypeOf(given);
  if (!isList && proto !== Object.prototype && proto !== null) return null;
  let text = isList ? "[" : "{";
  for (const key in given) {
    const child = textOf(Reflect.get(given, key), numbers, isLive);
    if (child === null) return null;
    text += `${key.length} ${key}${child};`;
  }
  return `${text}}`;
}

function numbered(blocks: readonly HeapBlock[], n: number): HeapBlock {
  const block = blocks[n];
  if (block === undefined) throw new Error(`replay: there is no block ${n}`);
  return block;
}

function keptBeside(blocks: readonly HeapBlock[], n: number): Extent {
  const { kept } = numbered(blocks, n);
  if (kept === null) throw new Error(`replay: nothing is kept beside block ${n}`);
  return kept;
}

const isWithin = (part: Extent, { address, bytes }: HeapBlock): boolean =>
  part.address >= address && part.address + part.bytes <= address + bytes;

export function replayOf({ isLive, take, free, keep, launch, count, done }: Player): Replay {
  const remembered = new Map<object, Map<string, Known>>();
  let open: Open | null = null;

  const spoilt = (): void => {
    if (open !== null) open.spoilt = true;
  };
  const numberOf = ({ numbers }: Open, block: object): number => {
    const n = block instanceof HeapBlock ? numbers.get(block) : undefined;
    if (n === undefined) spoilt();
    return n ?? 0;
  };

  /** How to find an operand again. */
  const finder = (call: Open, memory: Bindable): ((blocks: readonly HeapBlock[]) => Bindable) => {
    if (typeof memory === "string") return () => memory;
    if (memory instanceof HeapBlock) {
      const n = numberOf(call, memory);
      return (blocks) => numbered(blocks, n);
    }
    if (!("address" in memory)) {
      spoilt();
      return () => memory;
    }
    const { address, bytes } = memory;
    const keeper = call.keeping.get(address);
    if (keeper !== undefined) return (blocks) => keptBeside(blocks, keeper);
    const owner = [...call.numbers.keys()].find((block) => block.owner !== null && isWithin(memory, block));
    const n = owner === undefined ? 0 : numberOf(call, owner);
    if (owner === undefined) spoilt();
    const from = address - (owner?.address ?? 0);
    return (blocks) => ({ address: numbered(blocks, n).address + from, bytes });
  };

  function recorded(numbers: Map<HeapBlock, number>, f: () => unknown): readonly [unknown, Recording | null] {
    const before = done();
    const call: Open = { deeds: [], given: numbers.size, numbers, keeping: new Map(), spoilt: false };
    open = call;
    try {
      const result = f();
      forEachTensor(result, ({ block }) => numberOf(call, block));
      const after = done();
      const [kernels, macs] = [after.kernels - before.kernels, after.macs - before.macs];
      return [result, call.spoilt ? null : { deeds: call.deeds, result, numbers, kernels, macs }];
    } finally {
      open = null;
    }
  }

  function replayed({ deeds, result, numbers, kernels, macs }: Recording, blocks: HeapBlock[]): unknown {
    for (const deed of deeds) deed(blocks);
    count(kernels, macs);
    return mapTree(result, ({ shape, block }) => tensor(shape, numbered(blocks, numbers.get(block) ?? 0)));
  }

  /** All that is known of calls of an op. */
  const callsOf = (what: object): Map<string, Known> => {
    const found = remembered.get(what) ?? new Map<string, Known>();
    if (found.size >= MOST_KEPT) found.clear();
    remembered.set(what, found);
    return found;
  };

  const capturable: Capturable = (what, given, f) => {
    const numbers = new Map<HeapBlock, number>();
    const text = open === null ? textOf(given, numbers, isLive) : null; // what is done within an op is recorded with it
    if (text === null) return f();
    const calls = callsOf(what);
    const known = calls.get(text);
    if (known === "never") return f();
    if (known === undefined) {
      calls.set(text, "once");
      return f();
    }
    if (known !== "once") return replayed(known, [...numbers.keys()]);
    const [result, recording] = recorded(numbers, f);
    calls.set(text, recording ?? "never");
    return result;
  };

  return {
    capturable,
    taken: (block) => {
      if (open === null) return;
      const { bytes, elementBytes } = block;
      open.numbers.set(block, open.numbers.size);
      open.deeds.push((blocks) => blocks.push(take(bytes, elementBytes)));
    },
    freed: (block) => {
      if (open === null) return;
      const n = numberOf(open, block);
      if (block.kept !== null) open.keeping.delete(block.kept.address);
      if (n < open.given) spoilt(); // whether it dies here depends on its owner
      open.deeds.push((blocks) => free(numbered(blocks, n)));
    },
    kept: ({ block }, shape, elementBytes, address) => {
      if (open === null) return;
      const n = numberOf(open, block);
      open.keeping.set(address, n);
      open.deeds.push((blocks) => keep(tensor(shape, numbered(blocks, n)), shape, elementBytes));
    },
    launched: (made, memories) => {
      if (open === null) return;
      const call = open;
      const finders = memories.map((memory) => finder(call, memory));
      open.deeds.push((blocks) =>
        launch(
          made,
          finders.map((find) => find(blocks)),
        ),
      );
    },
    spoilt,
  };
}
