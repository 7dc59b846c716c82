/** The interface of an engine. Types only. */
import type { Tensor } from "../tensor/tensor.ts";
import type { Kernels } from "./kernels.ts";

/** All in bytes. */
export interface MemoryReport {
  /** In use now. */
  readonly live: number;
  /** The most that was in use at once. */
  readonly peak: number;
  /** Newly allocated, not recycled, since the engine was created. */
  readonly fresh: number;
  /** Held by the engine, in use or free. */
  readonly reserved: number;
}

/** Work done since the engine was created. */
export interface Counters {
  /** Kernels that ran; a fused kernel counts as one. */
  readonly kernels: number;
  /** Multiply–adds of matrix multiplications. */
  readonly macs: number;
}

/**
 * The format of stored numbers and of arithmetic. `f16` is mixed precision: activations are stored in f16 and the factors of matrix
 * multiplications are rounded to it; parameters, their gradients, sums, norms, softmax and losses are in f32.
 */
export type Precision = "f64" | "f32" | "f16";

/** What an asynchronous engine also has: its kernels return at once, and a device executes them later. */
export interface Asynchronous {
  /**
   * Resolves when the device holds all memory that was asked for so far; to be awaited after `reserve`, before anything runs.
   *
   * @throws MemoryError if the device has not that much. Nothing is lost: from now on `plan` and `reserve` refuse what it has no memory for
   */
  readonly allocated: () => Promise<void>;
  /**
   * How much work the command buffers of another engine should hold, after the device of this one was lost: half of what its own held. null: a command
   * buffer held one dispatch at most, so they cannot be smaller.
   */
  readonly smallerWork: () => number | null;
  /** Submits all commands that are encoded; resolves when the device has executed them. */
  readonly finish: () => Promise<void>;
  /** How much was submitted to the device so far. */
  readonly sent: () => {
    /** Command buffers. */
    readonly submits: number;
    /** Dispatches of compute programs. */
    readonly dispatches: number;
  };
  /** null: the device has no timestamps to read. */
  readonly stopwatch: Stopwatch | null;
}

/** Measures how long a device works, section by section, from the first `cut` until `read`. */
export interface Stopwatch {
  /** Begins a new section, for the commands that follow. */
  readonly cut: () => void;
  /** Ends the measurement; resolves when the device has executed all sections. */
  readonly read: () => Promise<{
    /** Duration of each section, in ms. */
    readonly parts: readonly number[];
    /** From the beginning of the first section to the end of the last, in ms. */
    readonly whole: number;
  }>;
}

/** Kernels, and the memory that holds their tensors. Each call of `…Engine(…)` creates a new engine; the tensors of one engine are stale on another. */
export interface Engine extends Partial<Asynchronous> {
  /** `reference`, `wasm`, `wasm-fma`, `webgpu` or `abstract`. */
  readonly name: string;
  /** The precision of its numbers, on which tolerances and checkpoints depend. */
  readonly precision: Precision;
  /** The first argument of every op, called `k`: the basis kernels, with the engine's settings. */
  readonly kernels: Kernels;
  /** Copies the value at the call and delivers it later: `t` may be freed as soon as this returns. */
  readonly read: (t: Tensor) => Promise<Float64Array | Float32Array>;
  /** A copy of the value, at once; an engine whose kernels are computed later has no such function. */
  readonly readNow?: (t: Tensor) => Float64Array | Float32Array;
  /** Frees tensors that the caller holds outside every region, such as state, batch and loss. */
  readonly release: (tree: unknown) => void;
  /**
   * Runs a program on shapes alone and reserves all the memory that it needs, so that running it allocates nothing. `held` are tensors that
   * exist already and that the program consumes; the program gets placeholders for them. Engines that need not reserve memory do nothing. Whether a
   * device has the memory is known only later: see `allocated`.
   *
   * @throws MemoryError if that is more than the engine's capacity; RangeError if the system cannot provide it
   */
  readonly reserve: <T>(held: T, program: (k: Kernels, held: T) => unknown) => void;
  /**
   * The memory that the engine would hold after `reserve` with the same arguments, in bytes; 0 for an engine that reserves none.
   *
   * @throws MemoryError for more than a device was found to have, and for a tensor that is too long for it
   */
  readonly plan: <T>(held: T, program: (k: Kernels, held: T) => unknown) => number;
  /** The most memory that the engine may hold, in bytes; Infinity if it sets no limit of its own. */
  readonly capacity: number;
  /** How much memory its tensors take. */
  readonly memory: () => MemoryReport;
  /** What it has computed so far. */
  readonly counters: () => Counters;
  /** Ends the engine's threads. An engine without threads need not be closed. */
  readonly close: () => void;
}
