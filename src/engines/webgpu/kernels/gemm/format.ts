/**
 * Matrix multiplication (GEMM), C = s A B + b, batched: A is m × k (stored k × m if ta), B is k × n (stored n × k if tb), b is added to each row.
 * A second result may be Σ_k A, the sums of A's rows: b̄ of a linear layer beside W̄ = ȳᵀ x.
 *
 * C is cut into tiles. Where these are too few for a device, the sum over k is cut too (split-K): each split writes a C of its own, and a second
 * dispatch adds these up in order. The text of a program depends on its `GemmFormat`; sizes are params.
 */
import type { Element, Storage } from "../../accessors.ts";
import type { ParamType } from "../../program.ts";

export interface GemmShape {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly ta: boolean;
  readonly tb: boolean;
  /** One B for the whole batch. */
  readonly shared: boolean;
  /** Number of matrices A; matrix i of the batch takes A number i mod lefts. Default: one for each matrix of the batch. */
  readonly lefts?: number;
}

/** How the operands are stored. */
export interface GemmStorage {
  readonly a: Storage;
  readonly b: Storage;
  /** In f16, n must be even. */
  readonly c: Storage;
  /** null: there is no bias. */
  readonly bias: Storage | null;
  /** What A and B are rounded to before they are multiplied; sums are always in f32. */
  readonly factors: Storage;
  /** Whether the sums of A's rows, [m], are a second result, in f32; for a batch of 1 and ta only. Default false. */
  readonly rowSums?: boolean;
}

/** Where a program leaves the sums of A's rows: in a tensor, or, as one of several splits, behind its C. null: it has none. */
export type RowSums = "tensor" | "behind C" | null;

export interface GemmFormat extends Omit<GemmStorage, "rowSums">, Pick<GemmShape, "ta" | "tb"> {
  readonly rowSums: RowSums;
  /** Whether the rows of A, B and C have lengths divisible by four, so that four numbers are read or written at once. */
  readonly whole: { readonly a: boolean; readonly b: boolean; readonly c: boolean };
}

export function gemmFormat({ ta, tb, m, n, k }: GemmShape, { a, b, c, bias, factors, rowSums = false }: GemmStorage): GemmFormat {
  const [lengthOfA, lengthOfB] = [ta ? m : k, tb ? k : n];
  const whole = { a: lengthOfA % 4 === 0, b: lengthOfB % 4 === 0, c: n % 4 === 0 };
  return { ta, tb, a, b, c, bias, factors, whole, rowSums: rowSums ? "tensor" : null };
}

const elementOf = (storage: Storage, whole: boolean): Element => (whole ? `${storage}x4` : storage);

/** In the order in which a dispatch binds them. */
export const tensorsOf = ({ a, b, c, bias, whole, rowSums }: GemmFormat): Readonly<Record<string, Element>> => ({
  c: elementOf(c, whole.c),
  ...(rowSums === "tensor" ? { sums: "f32" } : {}),
  a: elementOf(a, whole.a),
  b: elementOf(b, whole.b),
  ...(bias === null ? {} : { bias: elementOf(bias, whole.c) }),
});

/** How a GEMM is cut up. */
export interface Tiling {
  /** Rows and columns of a tile of C. */
  readonly rows: number;
  readonly columns: number;
  /** Terms of a split; all k of them: there is one split. */
  readonly length: number;
}

/** The params of every program that multiplies. */
export const gemmParamTypes: Readonly<Record<string, ParamType>> = {
  /** Tiles in all. */
  count: "u32",
  batch: "u32",
  m: "u32",
  n: "u32",
  k: "u32",
  /** Tiles in a row, and in a column, of C. */
  across: "u32",
  down: "u32",
  /** Number of matrices A. */
  lefts: "u32",
  /** Distance from one B to the next, in numbers; 0: all share one. */
  nextB: "u32",
  /** Distance from one C to the next. */
  nextC: "u32",
  /** Terms of a split. */
  length: "u32",
  scale: "f32",
};

export const splitsOf = ({ k }: GemmShape, { length }: Tiling): number => Math.max(1, Math.ceil(k / length));

export const tilesOf = (shape: GemmShape, tiling: Tiling): number =>
  splitsOf(shape, tiling) * shape.batch * Math.ceil(shape.m / tiling.rows) * Math.ceil(shape.n / tiling.columns);

/** Numbers that a split leaves: its C, and behind it the sums of A's rows, if they are wanted; a multiple of four then, so that all may be quads. */
export const splitNumbers = ({ batch, m, n }: GemmShape, { rowSums = false }: GemmStorage): number =>
  rowSums ? 4 * Math.ceil((m * n + m) / 4) : batch * m * n;

/** @param nextC the distance from one C to the next, in numbers */
export function gemmParams(shape: GemmShape, tiling: Tiling, scale: number, nextC: number): readonly number[] {
  const { batch, m, n, k, shared, lefts = batch } = shape;
  const [across, down] = [Math.ceil(n / tiling.columns), Math.ceil(m / tiling.rows)];
  return [tilesOf(shape, tiling), batch, m, n, k, across, down, lefts, shared ? 0 : k * n, nextC, tiling.length, scale];
}
