/**
 * What the dispatches of a command buffer have bound. A training step submits the same dispatches on the same memory again and again, so the
 * pipeline and bind group of the i-th dispatch of the last command buffer serve the i-th of the next one, where program and memory are the same.
 */
import type { Bindable } from "../machine.ts";
import type { Bound, Operand, Pipelines } from "./pipelines.ts";
import type { Program } from "../program.ts";

/** What a dispatch can bind; `uploads` is the buffer of staged uploads. */
export type BoundMemory = Bindable | "uploads";

/** A dispatch of the last command buffer. */
interface Known {
  readonly program: Program;
  readonly memories: readonly BoundMemory[];
  readonly bound: Bound;
}

function isSameMemory(one: BoundMemory, other: BoundMemory): boolean {
  if (one === other) return true;
  if (typeof one === "string" || typeof other === "string" || one.bytes !== other.bytes) return false;
  return "address" in one ? "address" in other && one.address === other.address : "slab" in other && one.slab === other.slab;
}

function isSame(known: Known, program: Program, memories: readonly BoundMemory[]): boolean {
  if (known.program !== program) return false;
  return memories.every((memory, i) => isSameMemory(memory, known.memories[i] ?? "uploads"));
}

export class BoundDispatches {
  readonly #pipelines: Pipelines;
  readonly #operandOf: (memory: BoundMemory) => Operand;
  readonly #paramsOf: (index: number) => Operand;
  readonly #known: Known[] = [];

  /** @param paramsOf the buffer range with the params of the dispatch that has this index in its command buffer */
  constructor(pipelines: Pipelines, operandOf: (memory: BoundMemory) => Operand, paramsOf: (index: number) => Operand) {
    this.#pipelines = pipelines;
    this.#operandOf = operandOf;
    this.#paramsOf = paramsOf;
  }

  /** @param index of the dispatch in its command buffer */
  bind(index: number, program: Program, memories: readonly BoundMemory[]): Bound {
    const known = this.#known[index];
    if (known !== undefined && isSame(known, program, memories)) return known.bound;
    const bound = this.#pipelines.bind(program, memories.map(this.#operandOf), this.#paramsOf(index));
    this.#known[index] = { program, memories, bound };
    return bound;
  }
}
