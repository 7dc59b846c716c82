/**
 * How much work one command buffer may hold. Drivers reset a device that works on one for too long: Windows after 2 s (TdrDelay), recent amdgpu after 2 s
 * (lockup_timeout), i915 after 20 s. The work of a dispatch is an estimate of its time on the slowest adapter of its kind, in seconds:
 *
 *   t = multiply–adds / M + bytes / W + 10 µs
 *
 * The bound is far below the limits of drivers. Where a device does a full command buffer in much less time than estimated, the bound is doubled, until a
 * step is one command buffer, or full ones take a while. Results do not depend on it. After a device loss the next engine begins with half of the work
 * that the largest command buffer held, and never doubles it.
 */
import type { BoundMemory } from "./boundDispatches.ts";
import type { DeviceCapabilities } from "../capabilities.ts";
import type { Dispatch } from "../program.ts";

/** Multiply–adds and bytes a second, and the bound in seconds. */
interface Rates {
  readonly macs: number;
  readonly bytes: number;
  readonly bound: number;
}

/** A processor integrated with its GPU, of the slowest that are in use: a quarter of 400 GFLOP/s, and the bandwidth of two channels of memory. */
const HARDWARE: Rates = { macs: 5e10, bytes: 2e10, bound: 0.25 };
/** SwiftShader on one core; no driver resets it, but a page that waits for it should not seem dead. */
const SOFTWARE: Rates = { macs: 5e8, bytes: 1e9, bound: 1 };
/** Between two dispatches, in seconds. */
const OVERHEAD = 1e-5;
/** A full command buffer that takes less, in ms, is too small. */
const BRIEF = 50;

const bytesOf = (memories: readonly BoundMemory[]): number =>
  memories.reduce((sum, memory) => sum + (typeof memory === "string" ? 0 : memory.bytes), 0);

export class SubmitWork {
  readonly #rates: Rates;
  readonly #isFixed: boolean;
  #bound: number;
  /** Of the open command buffer. */
  #held = 0;
  #count = 0;
  /** Of the largest so far. */
  #largest = { work: 0, dispatches: 0 };

  /** @param bound in seconds, where another engine's device was lost; null: the bound for such adapters */
  constructor({ software }: DeviceCapabilities, bound: number | null) {
    this.#rates = software ? SOFTWARE : HARDWARE;
    this.#isFixed = bound !== null;
    this.#bound = bound ?? this.#rates.bound;
  }

  /** In seconds. */
  of({ macs = 0 }: Dispatch, memories: readonly BoundMemory[]): number {
    return macs / this.#rates.macs + bytesOf(memories) / this.#rates.bytes + OVERHEAD;
  }

  /** Whether the open command buffer may hold this work too; an empty one may hold any. */
  hasRoomFor(work: number): boolean {
    return this.#count === 0 || this.#held + work <= this.#bound;
  }

  /** Adds the work of a dispatch to the open command buffer. */
  add(work: number): void {
    this.#held += work;
    this.#count++;
  }

  /** The open command buffer has been submitted. */
  submitted(): void {
    if (this.#held > this.#largest.work) this.#largest = { work: this.#held, dispatches: this.#count };
    [this.#held, this.#count] = [0, 0];
  }

  /** What a full command buffer took: called with the bound that it had, in ms. */
  took(bound: number, ms: number): void {
    if (!this.#isFixed && bound === this.#bound && ms < BRIEF) this.#bound *= 2;
  }

  /** In seconds. */
  get bound(): number {
    return this.#bound;
  }

  /** Whether it may grow. */
  get grows(): boolean {
    return !this.#isFixed;
  }

  /** The bound for an engine that replaces one whose device was lost; null: no command buffer held more than one dispatch. */
  get half(): number | null {
    const { work, dispatches } = this.#largest;
    return dispatches > 1 ? work / 2 : null;
  }
}
