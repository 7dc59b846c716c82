/** The kernels that every engine must provide, and the settings that ops pass on with them. Types only. */
import type { Key } from "../tensor/key.ts";
import type { Shape, Tensor } from "../tensor/tensor.ts";

/** Which factors of a matrix multiplication are transposed first, in their last two axes. */
export interface Transpose {
  /** Use aᵀ: a is [..., k, m]. */
  readonly ta?: boolean;
  /** Use bᵀ: b is [..., n, k]. */
  readonly tb?: boolean;
}

/** A sliding window over the rows and columns of an image, in pixels. */
export interface Window {
  /** Side of the square window, k. */
  readonly kernel: number;
  /** Distance from one window to the next. */
  readonly stride: number;
  /** Width of the border of zeros around the image. */
  readonly padding: number;
}

/**
 * The basis kernels, of which everything else is composed. They know nothing of DeiT.
 *
 * Binary kernels broadcast in two ways only: a trailing shape over more leading axes ([D] or [T, D] over [B, T, D]), and [..., 1] over
 * [..., D]; either operand may be the smaller one. Every kernel throws `StaleError` for a stale input, and `ShapeError` for shapes that break
 * its rule (rules.ts).
 */
export interface Basis {
  /** A tensor of these values, row-major. */
  readonly upload: (shape: Shape, data: ArrayLike<number>) => Tensor;
  /** A tensor of zeros. */
  readonly zeros: (shape: Shape) => Tensor;
  /** Draw i of `key` at flat index i: uniform on [0, 1) in steps of 2⁻²⁴. */
  readonly uniform: (key: Key, shape: Shape) => Tensor;

  /** a + b, element by element; the smaller operand is broadcast. */
  readonly add: (a: Tensor, b: Tensor) => Tensor;
  /** a − b, element by element; the smaller operand is broadcast. */
  readonly sub: (a: Tensor, b: Tensor) => Tensor;
  /** a ⊙ b, element by element; the smaller operand is broadcast. */
  readonly mul: (a: Tensor, b: Tensor) => Tensor;
  /** a/b, element by element; the smaller operand is broadcast. */
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
   * a where the condition is not 0, else b. Elements are selected, not computed, so that those not selected may be NaN. All three have the same
   * shape, or the condition is a scalar, [], that selects for all elements. A subnormal condition may count as 0.
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

  /** The same numbers under another shape. The result shares the block of its argument. */
  readonly reshape: (a: Tensor, shape: Shape) => Tensor;
  /** Axis i of the result is axis `axes[i]` of a. */
  readonly permute: (a: Tensor, axes: readonly number[]) => Tensor;
  /** Indices start … end − 1 along an axis. */
  readonly slice: (a: Tensor, axis: number, start: number, end: number) => Tensor;
  /** The adjoint of `slice`: zeros of length `length` along `axis`, with a written from index `start` on. */
  readonly pad: (a: Tensor, axis: number, start: number, length: number) => Tensor;
  /** The parts concatenated along an axis; their other axes are equal. */
  readonly concat: (parts: readonly Tensor[], axis: number) => Tensor;
  /** `count` copies along a new first axis. */
  readonly expandLeading: (a: Tensor, count: number) => Tensor;
  /** [B, C, H, W] → [B, N, C·k·k]: window i·W' + j holds the pixels (c, r, s) under it, zero outside the image. */
  readonly unfold: (images: Tensor, window: Window) => Tensor;
  /** The adjoint of `unfold`: each pixel is the sum of its values in all windows; `shape` is [B, C, H, W]. */
  readonly fold: (windows: Tensor, window: Window, shape: Shape) => Tensor;
}

/** One call of an op, as a visitor sees it. `path` names the instance: `blocks.3.attn.probs`. */
export type Call =
  | {
      /** `recompute`: a forward that a VJP runs again; `run`: a routine. */
      readonly phase: "forward" | "recompute" | "run";
      /** The op's name. */
      readonly op: string;
      /** The instance: `blocks.3.attn.probs`. */
      readonly path: string;
      /** A tree of the inputs that are differentiated. */
      readonly inputs: unknown;
      /** The other arguments. */
      readonly attrs: unknown;
    }
  | {
      /** The VJP of an op. */
      readonly phase: "vjp";
      /** The op's name. */
      readonly op: string;
      /** The instance, by the path of its forward. */
      readonly path: string;
      /** What the forward saved. */
      readonly saved: unknown;
      /** The cotangent of the output. */
      readonly dOut: unknown;
    };

/** Watches calls of ops. It runs inside the op's region: it may read tensors (`engine.read` copies the value at once) but not keep them. */
export interface Visitor {
  /** Called before the op computes anything. */
  readonly before?: (call: Call) => void;
  /** Called with the output of a forward, the gradients of a VJP, or the result of a routine. */
  readonly after?: (call: Call, out: unknown) => void;
  /** Returns the tensor to continue with in place of an op's output (forward) or of its incoming cotangent (VJP). */
  readonly replace?: (call: Call, t: Tensor) => Tensor;
}

/** An op's `infer`, given the type of the op. */
type Infers<O> = O extends {
  /** The op's forward. */
  readonly forward: (
    k: Kernels,
    inputs: infer In,
    attrs: infer Attrs,
  ) => {
    /** Its output. */
    readonly out: infer Out;
  };
}
  ? {
      /** The output of `forward` alone; runs instead of `forward` under `inference`, where nothing is saved. */
      readonly infer?: (k: Kernels, inputs: In, attrs: Attrs) => Out;
    }
  : unknown;

/** What an engine runs instead of the definition of the op or routine O. A function that it leaves out runs by its definition. */
export type Fused<O> = Partial<O> & Infers<O>;

/** The fused kernels of an engine, by the op that each replaces. */
export interface FusedTable {
  /** The fused kernel of this op or routine; undefined: there is none. */
  readonly get: <O extends object>(op: O) => Fused<O> | undefined;
}

/** The settings that k carries. Only `ops/op.ts` and fused kernels read them. */
export interface Scope {
  /** The labels and op names from the root to here, joined by dots. */
  readonly path: string;
  /** The name of the next op; set by `at`. */
  readonly label: string | null;
  /** The next op is the last user of these; set by `last`. */
  readonly last: unknown;
  /** The fused kernels in use. */
  readonly fused: FusedTable;
  /** Who watches the calls of ops; null: nobody. */
  readonly visitor: Visitor | null;
  /** false: what an op saves for its VJP is freed when the op returns. */
  readonly saves: boolean;
  /** Parameters do not change between calls, so that an engine may cache what it derives from them. */
  readonly constantWeights: boolean;
  /** Inside a VJP that runs a forward again. */
  readonly recomputing: boolean;
}

/** The first argument of every op, called `k`: an engine's kernels, and the settings that apply where it is used. */
export interface Kernels extends Basis {
  /** The settings. */
  readonly scope: Scope;
  /** The same engine with other settings. */
  readonly within: (change: Partial<Scope>) => Kernels;
  /** The next op is called `label`; labels of nested `at` are joined by a dot. */
  readonly at: (label: string) => Kernels;
  /** Says that the next op is the last to use `tree`: that op frees its tensors, unless the result holds them. Never changes a value. */
  readonly last: (tree: unknown) => Kernels;
  /**
   * Runs f in a region: the memory that f takes is freed when it returns, except for the tensors in `kept(result)` (default: the result). The
   * tensors in `moved` are given up to the region, as by `last`.
   */
  readonly region: <R>(name: string, f: () => R, kept?: (result: R) => unknown, moved?: unknown) => R;
  /**
   * Runs f, which calls `what` with `given`, and whose result depends on nothing but these and the settings of k. An engine may capture the
   * commands of one run, and replay them for arguments of the same shapes and numbers instead of running f.
   */
  readonly capturable: <R>(what: object, given: unknown, f: () => R) => R;
  /** Frees these tensors at once: all their handles are stale. */
  readonly donate: (tree: unknown) => void;
}
