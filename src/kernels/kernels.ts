/** What an engine must be able to compute, and the settings that travel with it. Types only. */
import type { Key } from "../tensor/key.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";

/** Which of the last two axes of a product's factors are exchanged first. */
export interface Transpose {
  /** Take aᵀ: a is [..., k, m]. */
  readonly ta?: boolean;
  /** Take bᵀ: b is [..., n, k]. */
  readonly tb?: boolean;
}

/** A sliding window over the rows and columns of an image, in pixels. */
export interface Window {
  /** Side of the square window, k. */
  readonly kernel: number;
  /** From one window to the next. */
  readonly stride: number;
  /** Zeros around the image on each side. */
  readonly padding: number;
}

/**
 * The basis kernels. They know nothing of DeiT.
 *
 * Binary kernels broadcast in two ways only: a trailing shape onto more leading axes ([D] or [T, D] onto [B, T, D]), and [..., 1] onto
 * [..., D]; either operand may be the smaller one. Every kernel throws `StaleError` for a dead input and `ShapeError` for one that does not fit.
 */
export interface Basis {
  /** A tensor of these values, row-major. */
  readonly upload: (shape: Shape, data: ArrayLike<number>) => Tensor;
  /** A tensor of zeros. */
  readonly zeros: (shape: Shape) => Tensor;
  /** Draw i of `key` at flat index i: uniform on [0, 1) in steps of 2⁻²⁴. */
  readonly uniform: (key: Key, shape: Shape) => Tensor;

  /** a + b, element by element; the smaller one is broadcast. */
  readonly add: (a: Tensor, b: Tensor) => Tensor;
  /** a − b, element by element; the smaller one is broadcast. */
  readonly sub: (a: Tensor, b: Tensor) => Tensor;
  /** a ⊙ b, element by element; the smaller one is broadcast. */
  readonly mul: (a: Tensor, b: Tensor) => Tensor;
  /** a/b, element by element; the smaller one is broadcast. */
  readonly div: (a: Tensor, b: Tensor) => Tensor;
  /** factor · a. */
  readonly scale: (a: Tensor, factor: number) => Tensor;
  /** a + term. */
  readonly addScalar: (a: Tensor, term: number) => Tensor;

  /** a². */
  readonly square: (a: Tensor) => Tensor;
  /** √a. */
  readonly sqrt: (a: Tensor) => Tensor;
  /** a^(−½) */
  readonly rsqrt: (a: Tensor) => Tensor;
  /** eᵃ. */
  readonly exp: (a: Tensor) => Tensor;
  /** The natural logarithm of a. */
  readonly log: (a: Tensor) => Tensor;
  /** Φ(a) = ½(1 + erf(a/√2)) of (E9), without the cancellation of 1 + erf in the lower tail. */
  readonly normalCdf: (a: Tensor) => Tensor;
  /** 1 where a ≥ 0, else 0. */
  readonly step: (a: Tensor) => Tensor;
  /** 1 where a is a number, 0 where it is NaN or infinite, by the bits of its exponent. */
  readonly isFinite: (a: Tensor) => Tensor;
  /**
   * a where the condition is not 0, else b: chosen, never computed, so that what is not chosen may be NaN. All are of one shape, or there is
   * one condition, [], for all. A subnormal condition may count as 0.
   */
  readonly where: (condition: Tensor, a: Tensor, b: Tensor) => Tensor;

  /** [..., D] → [..., 1] */
  readonly sumLast: (a: Tensor) => Tensor;
  /** [..., D] → [..., 1] */
  readonly meanLast: (a: Tensor) => Tensor;
  /** [..., D] → [..., 1] */
  readonly maxLast: (a: Tensor) => Tensor;
  /** Sums the first `count` axes away. */
  readonly sumLeading: (a: Tensor, count: number) => Tensor;
  /** [..., K] → [...], the first index on ties. */
  readonly argmaxLast: (a: Tensor) => Tensor;
  /** [...] of class numbers → [..., K] */
  readonly oneHot: (labels: Tensor, classes: number) => Tensor;

  /** [..., m, k] × [..., k, n] → [..., m, n], batched over equal leading axes; a matrix b is shared by the whole batch. */
  readonly matmul: (a: Tensor, b: Tensor, transpose?: Transpose) => Tensor;

  /** The same numbers under another shape; shares its argument's block. */
  readonly reshape: (a: Tensor, shape: Shape) => Tensor;
  /** Axis i of the result is axis `axes[i]` of a. */
  readonly permute: (a: Tensor, axes: readonly number[]) => Tensor;
  /** Indices start … end − 1 of one axis. */
  readonly slice: (a: Tensor, axis: number, start: number, end: number) => Tensor;
  /** The adjoint of `slice`: zeros of length `length` on `axis`, with a from `start` on. */
  readonly pad: (a: Tensor, axis: number, start: number, length: number) => Tensor;
  /** The parts one after the other along an axis; their other axes are equal. */
  readonly concat: (parts: readonly Tensor[], axis: number) => Tensor;
  /** `count` copies along a new first axis. */
  readonly expandLeading: (a: Tensor, count: number) => Tensor;
  /** [B, C, H, W] → [B, N, C·k·k]: window i·W' + j holds the pixels (c, r, s) under it, zero outside the image. */
  readonly unfold: (images: Tensor, window: Window) => Tensor;
  /** The adjoint of `unfold`: adds each window's values up where they came from; `shape` is [B, C, H, W]. */
  readonly fold: (windows: Tensor, window: Window, shape: Shape) => Tensor;
}

/** One op call as an observer sees it. `path` names the instance: `blocks.3.attn.probs`. */
export type Call =
  | {
      /** `forward`, `vjp`; `recompute`: a forward that a pullback runs again; `run`: a routine, which has no pullback. */
      readonly phase: "forward" | "recompute" | "run";
      /** The op's name. */
      readonly op: string;
      /** The instance: `blocks.3.attn.probs`. */
      readonly path: string;
      /** A tree of what it is given to differentiate. */
      readonly inputs: unknown;
      /** What else it is given. */
      readonly attrs: unknown;
    }
  | {
      /** The pullback of an op. */
      readonly phase: "vjp";
      /** The op's name. */
      readonly op: string;
      /** The instance, as that of its forward. */
      readonly path: string;
      /** What its forward has saved for this. */
      readonly saved: unknown;
      /** The cotangent of its output. */
      readonly dOut: unknown;
    };

/** Runs inside the op's region: tensors may be read (`engine.read` takes the value at once), not kept. */
export interface Visitor {
  /** Told of a call before it computes. */
  readonly before?: (call: Call) => void;
  /** `out` of a forward, the gradients of a vjp, the result of a routine. */
  readonly after?: (call: Call, out: unknown) => void;
  /** The value to go on with in place of an op's output (forward) or of its incoming cotangent (vjp). */
  readonly replace?: (call: Call, t: Tensor) => Tensor;
}

/** An op's `infer`, given the type of the op. */
type Infers<O> = O extends { readonly forward: (k: Kernels, inputs: infer In, attrs: infer Attrs) => { readonly out: infer Out } }
  ? {
      /** The output of `forward` alone; runs in its place under `inference`, where what an op saves is not kept. */
      readonly infer?: (k: Kernels, inputs: In, attrs: Attrs) => Out;
    }
  : unknown;

/** What an engine runs in place of the op or routine O. A function that it leaves out runs by its definition. */
export type Fused<O> = Partial<O> & Infers<O>;

/** The fused kernels of an engine, by the op that each replaces. */
export interface FusedTable {
  /** The fused kernel of this op or routine; undefined: there is none. */
  readonly get: <O extends object>(op: O) => Fused<O> | undefined;
}

/** Settings that travel with k; read by `ops/op.ts` only. */
export interface Scope {
  /** Labels and op names on the way here, joined by dots. */
  readonly path: string;
  /** The next op's name; set by `at`. */
  readonly label: string | null;
  /** The next op is the last user of these; set by `last`. */
  readonly last: unknown;
  /** The faster kernels that are used. */
  readonly fused: FusedTable;
  /** Who watches and may replace values; null: nobody. */
  readonly visitor: Visitor | null;
  /** false: what an op saves for its pullback dies with the op. */
  readonly saves: boolean;
  /** Parameters come again unchanged, so that an engine may keep what it makes of them. */
  readonly constantWeights: boolean;
  /** Inside a pullback that runs a forward again. */
  readonly recomputing: boolean;
}

/** The first argument everywhere: an engine's kernels with the settings of the place. */
export interface Kernels extends Basis {
  /** The settings of this place. */
  readonly scope: Scope;
  /** The same engine with other settings. */
  readonly within: (change: Partial<Scope>) => Kernels;
  /** The next op is called `label`; labels of nested `at` are joined by a dot. */
  readonly at: (label: string) => Kernels;
  /** The next op is the last to use `tree`: it dies there unless the result holds it. Never changes a value. */
  readonly last: (tree: unknown) => Kernels;
  /** Runs f; what it took is freed when it returns, except what `kept` (default: the result) reaches. `moved` is handed in as by `last`. */
  readonly region: <R>(name: string, f: () => R, kept?: (result: R) => unknown, moved?: unknown) => R;
  /**
   * f(), which runs `what` on `given`, and whose result follows from these and from k's settings alone. So an engine need not run it where it
   * knows what it did before for arguments of the same shapes and numbers.
   */
  readonly capturable: <R>(what: object, given: unknown, f: () => R) => R;
  /** The caller gives these tensors up: their memory is free at once, all their handles are stale. */
  readonly donate: (tree: unknown) => void;
}
