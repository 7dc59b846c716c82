/** What the owner of an engine sees of it. Types only. */
import type { Tensor } from "../tensor/tensor.ts";
import type { Kernels } from "./kernels.ts";

/** All in bytes. */
export interface MemoryReport {
  /** In use now. */
  readonly live: number;
  /** The most that was in use at once. */
  readonly peak: number;
  /** Taken anew, not recycled, since the engine was made. */
  readonly fresh: number;
  /** Held by the engine, in use or free. */
  readonly reserved: number;
}

/** Work done since the engine was made. */
export interface Counters {
  /** Basis kernels that were run; a fused kernel counts as one. */
  readonly kernels: number;
  /** Multiply–adds of matrix products. */
  readonly macs: number;
}

/**
 * Of stored numbers and of arithmetic. `f16` is mixed: activations are stored, and the factors of products rounded, to f16; parameters, their
 * gradients, sums, norms, softmax and losses are of f32.
 */
export type Precision = "f64" | "f32" | "f16";

/** Of an engine whose kernels return at once and are done later. */
export interface Asynchronous {
  /** Sends what has been asked for; resolves when all of it is done. */
  readonly finish: () => Promise<void>;
  /** What its device was told so far: launches, and the command buffers that they were sent in. */
  readonly sent: () => {
    /** Command buffers that the device was sent. */
    readonly submits: number;
    /** Programs that it was asked to run. */
    readonly dispatches: number;
  };
  /** null: the device has no clock to read. */
  readonly stopwatch: Stopwatch | null;
}

/** How long a device works, part by part. It runs from the first cut on, until it is read. */
export interface Stopwatch {
  /** What is asked for from here on is a part of its own. */
  readonly cut: () => void;
  /** ms of each part since the first cut, and from the first one's begin to the last one's end; when all of it is done. */
  readonly read: () => Promise<{
    /** ms of each part since the first cut. */
    readonly parts: readonly number[];
    /** ms from the first part's begin to the last one's end. */
    readonly whole: number;
  }>;
}

/** What computes: kernels, and the memory that their tensors lie in. Each `…Engine(…)` makes a new one; tensors of one are stale on another. */
export interface Engine extends Partial<Asynchronous> {
  /** `reference`, `wasm`, `wasm-fma`, `webgpu` or `abstract`. */
  readonly name: string;
  /** Of its numbers: tolerances and checkpoints depend on it. */
  readonly precision: Precision;
  /** The first argument of every op, called `k`: the basis kernels and the settings of the place. */
  readonly kernels: Kernels;
  /** Takes the value at the call and delivers it later: `t` may die as soon as this returns. */
  readonly read: (t: Tensor) => Promise<Float64Array | Float32Array>;
  /** Gives up what the caller holds outside every region (state, batch, loss). */
  readonly release: (tree: unknown) => void;
  /**
   * Runs a program on shapes alone and holds from then on all the memory that it needs, so that running it takes nothing anew. `held` is
   * what lives already and the program consumes; it is handed a stand-in for it. Engines whose memory need not be held ahead do nothing.
   *
   * @throws MemoryError for more than the engine can have; RangeError where the system has no more
   */
  readonly reserve: <T>(held: T, program: (k: Kernels, held: T) => unknown) => void;
  /** What `reserve` of the same would make the engine hold in all, in bytes; 0 of an engine that holds nothing ahead. */
  readonly plan: <T>(held: T, program: (k: Kernels, held: T) => unknown) => number;
  /** The most that the engine can hold, in bytes; Infinity if it sets no bound itself. */
  readonly capacity: number;
  /** What its tensors take at the moment. */
  readonly memory: () => MemoryReport;
  /** What it has computed so far. */
  readonly counters: () => Counters;
  /** Ends the engine and what it holds outside of memory: threads. An engine that has none need not be closed. */
  readonly close: () => void;
}
