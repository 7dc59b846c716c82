/**
 * The window of dispatches that have been issued and are held back for a while, so that later ones may become their epilogues (epilogue.ts). It
 * knows nothing of ops: only which memory each dispatch reads and writes, and when blocks are taken and freed.
 *
 * A dispatch E may move up into an earlier P, over all dispatches between them, if
 *
 *   1. P stores each element of a tensor once, and E loads the tensor element by element;
 *   2. no memory that E loads otherwise is stored by P or between;
 *   3. no memory that E stores is used by P or between, unless each stores a part of its own. A block that was taken after one of theirs was freed
 *      may have its address, in this run or in a replay of the commands, so such an E stays where it is.
 *
 * When P leaves the window, and the tensor has been freed without another reader, it is not stored at all.
 */
import type { Element } from "../accessors.ts";
import { canFollow, withEpilogue, withoutStore } from "./epilogue.ts";
import type { Bindable, Extent } from "../machine.ts";
import type { Dispatch, Program } from "../program.ts";

/** The most dispatches that are held: more than a block of a network has between a tensor's first use and its end. */
const MOST_HELD = 64;

interface Held {
  readonly dispatch: Dispatch;
  readonly memories: readonly Bindable[];
  /** Time at which it was issued, in steps of the window. */
  readonly issued: number;
}

const isExtent = (memory: Bindable): memory is Extent => typeof memory !== "string" && "address" in memory;

const overlaps = (one: Bindable, other: Bindable): boolean =>
  isExtent(one) && isExtent(other) ? one.address < other.address + other.bytes && other.address < one.address + one.bytes : one === other;

const isSame = (one: Bindable, other: Bindable): boolean =>
  one === other || (isExtent(one) && isExtent(other) && one.address === other.address && one.bytes === other.bytes);

const storageOf = (element: Element | undefined): string | undefined => element?.replace("x4", "");

/** The memory that a dispatch stores. */
const stored = ({ dispatch, memories }: Held): readonly Bindable[] => memories.filter((_, i) => dispatch.program.uses[i]?.writes);

const namesOf = ({ text }: Program): readonly string[] => Object.keys(text.tensors);

/** Whether a dispatch stores only a part of a memory, by its index, that no other dispatch which does so stores. */
const isPartialIn = ({ dispatch: { program } }: Held, i: number): boolean =>
  program.text.partial?.includes(namesOf(program)[i] ?? "") === true;

/** A tensor of a producer that a consumer loads, by its index among the producer's tensors and the consumer's names for it. */
interface Link {
  readonly output: number;
  readonly inputs: readonly string[];
}

/** The tensor by which a consumer may follow a producer; null: there is none. */
function linkOf(producer: Held, consumer: Held): Link | null {
  const { program } = consumer.dispatch;
  const { along = [] } = program.text.perElement ?? {};
  const names = namesOf(producer.dispatch.program);
  for (const [output, memory] of producer.memories.entries()) {
    const uses = namesOf(program).filter((_, i) => {
      const own = consumer.memories[i];
      return own !== undefined && isSame(own, memory);
    });
    if (uses.length === 0 || !canFollow(producer.dispatch.program, names[output] ?? "", program)) continue;
    const once = producer.memories.filter((other) => overlaps(other, memory)).length === 1;
    const storage = storageOf(producer.dispatch.program.elements[output]);
    const sameStorage = uses.every((name) => storageOf(program.text.tensors[name]) === storage);
    return once && sameStorage && uses.every((name) => along.includes(name)) ? { output, inputs: uses } : null;
  }
  return null;
}

/** Whether the fused program could bind memory that both use, but for the tensor `source`: as elements of one type. */
const bindsAlike = (producer: Held, consumer: Held, source: Bindable): boolean =>
  consumer.memories.every((memory, i) =>
    producer.memories.every(
      (other, j) =>
        isSame(memory, source) || !isSame(memory, other) || producer.dispatch.program.elements[j] === consumer.dispatch.program.elements[i],
    ),
  );

const distinct = (memories: readonly Bindable[]): number =>
  memories.filter((memory, i) => memories.findIndex((other) => isSame(other, memory)) === i).length;

/** A freed range of memory. */
interface Freed {
  readonly memory: Extent;
  readonly at: number;
}

export class DispatchWindow {
  readonly #emit: (dispatch: Dispatch, memories: readonly Bindable[]) => void;
  readonly #mostBindings: number;
  readonly #mostHeld: number;
  #time = 0;
  #held: Held[] = [];
  /** Times at which blocks were taken, since the window was last empty. */
  readonly #taken = new Map<Bindable, number>();
  #freed: Freed[] = [];

  /**
   * @param emit called with each dispatch that leaves the window
   * @param mostBindings storage buffers that a program may bind
   * @param mostHeld dispatches that are held; 0: none is, and nothing is fused
   */
  constructor(emit: (dispatch: Dispatch, memories: readonly Bindable[]) => void, mostBindings: number, mostHeld: number = MOST_HELD) {
    this.#emit = emit;
    this.#mostBindings = mostBindings;
    this.#mostHeld = mostHeld;
  }

  /** Issues a dispatch. */
  add(dispatch: Dispatch, memories: readonly Bindable[]): void {
    const own = { dispatch, memories, issued: ++this.#time };
    if (memories.some((memory) => typeof memory !== "string" && "slab" in memory)) {
      this.flush(); // it may use any tensor of the slab
      this.#emit(dispatch, memories);
      return;
    }
    if (this.#fused(own)) return;
    this.#held.push(own);
    if (this.#held.length > this.#mostHeld) this.#leave();
  }

  taken(block: Extent): void {
    if (this.#held.length > 0) this.#taken.set(block, ++this.#time);
  }

  freed(block: Extent): void {
    if (this.#held.length > 0) this.#freed.push({ memory: block, at: ++this.#time });
  }

  /** Whether a dispatch that is held uses this memory. */
  uses(memory: Extent): boolean {
    return this.#held.some(({ memories }) => memories.some((other) => overlaps(other, memory)));
  }

  /** Emits all that is held. */
  flush(): void {
    while (this.#held.length > 0) this.#leave();
    this.#taken.clear();
    this.#freed = [];
  }

  /** Makes a dispatch the epilogue of one that is held, if it can be. */
  #fused(own: Held): boolean {
    if (own.dispatch.program.text.perElement === undefined) return false;
    for (let i = this.#held.length - 1; i >= 0; i--) {
      const held = this.#held[i];
      if (held === undefined) return false;
      const link = linkOf(held, own);
      if (link !== null) {
        const source = held.memories[link.output];
        const fits = source !== undefined && bindsAlike(held, own, source) && this.#canPass(own, held, source);
        const fused = fits ? fusedDispatch(held, own, link) : null;
        if (fused === null || distinct(fused.memories) > this.#mostBindings) return false;
        this.#held[i] = fused;
        return true;
      }
      if (!this.#canPass(own, held, undefined)) return false;
    }
    return false;
  }

  /** Whether a dispatch may run before one that is held, but for the tensor `source`, which it gets from there. */
  #canPass(own: Held, held: Held, source: Bindable | undefined): boolean {
    const { uses } = own.dispatch.program;
    const heldStores = stored(held);
    return own.memories.every((memory, i) => {
      if (source !== undefined && isSame(memory, source)) return true;
      if (uses[i]?.reads === true && heldStores.some((other) => overlaps(other, memory))) return false;
      if (uses[i]?.writes !== true) return true;
      const isPartial = isPartialIn(own, i);
      return held.memories.every((other, j) => {
        const isApart = !overlaps(other, memory) || (isPartial && isSame(other, memory) && isPartialIn(held, j));
        return isApart && !this.#mayShare(memory, other, held.issued);
      });
    });
  }

  /** Whether a block was taken after this memory, in use since `issued`, was freed. The heap gives freed memory to blocks of the same length only. */
  #mayShare(block: Bindable, memory: Bindable, issued: number): boolean {
    const [taken, bytes] = [this.#taken.get(block) ?? 0, isExtent(block) ? block.bytes : 0];
    return this.#freed.some(
      (freed) => freed.at > issued && freed.at < taken && freed.memory.bytes === bytes && overlaps(freed.memory, memory),
    );
  }

  /** Emits the first dispatch that is held, without the stores that nothing will read. */
  #leave(): void {
    const first = this.#held.shift();
    if (first === undefined) return;
    let { program } = first.dispatch;
    const names = namesOf(program);
    const memories = first.memories.filter((memory, i) => {
      const name = names[i] ?? "";
      const isDead = program.text.epilogues?.[name] !== undefined && this.#isUnread(memory, first.issued);
      if (isDead) program = withoutStore(program, name);
      return !isDead;
    });
    const oldest = this.#held[0]?.issued ?? this.#time;
    while ((this.#freed[0]?.at ?? oldest) < oldest) this.#freed.shift();
    this.#emit({ ...first.dispatch, program }, memories);
  }

  /** Whether memory that a dispatch stored has been freed, and no dispatch that is held used it between. */
  #isUnread(memory: Bindable, stored: number): boolean {
    const freed = this.#freed.find((one) => one.at > stored && isSame(one.memory, memory));
    if (freed === undefined) return false;
    return this.#held.every(({ memories, issued }) => issued > freed.at || memories.every((other) => !overlaps(other, memory)));
  }
}

function fusedDispatch(producer: Held, consumer: Held, { output, inputs }: Link): Held {
  const [before, after] = [producer.dispatch, consumer.dispatch];
  const others = consumer.memories.filter((_, i) => !inputs.includes(namesOf(after.program)[i] ?? ""));
  const program = withEpilogue(before.program, namesOf(before.program)[output] ?? "", after.program, inputs);
  return {
    dispatch: { ...before, program, params: [...before.params, ...after.params] },
    memories: [...producer.memories, ...others],
    issued: producer.issued,
  };
}
