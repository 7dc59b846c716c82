/**
 * Matrix multiplication (GEMM), C = s A B + b, batched: A is m × k (stored k × m if ta), B is k × n (stored n × k if tb), b is added to each row.
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
}

export interface GemmFormat extends GemmStorage, Pick<GemmShape, "ta" | "tb"> {
  /** Whether the rows of A, B and C have lengths divisible by four, so that four numbers are read or written at once. */
  readonly whole: { readonly a: boolean; readonly b: boolean; readonly c: boolean };
}

export function gemmFormat({ ta, tb, m, n, k }: GemmShape, { a, b, c, bias, factors }: GemmStorage): GemmFormat {
  const [lengthOfA, lengthOfB] = [ta ? m : k, tb ? k : n];
  const whole = { a: lengthOfA % 4 === 0, b: lengthOfB % 4 === 0, c: n % 4 === 0 };
  return { ta, tb, a, b, c, bias, factors, whole };
}

const elementOf = (storage: Storage, whole: boolean): Element => (whole ? `${storage}x4` : storage);

/** In the order in which a dispatch binds them. */
export const tensorsOf = ({ a, b, c, bias, whole }: GemmFormat): Readonly<Record<string, Element>> => ({
  c: elementOf(c, whole.c),
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
  /** Terms of a split. */
  length: "u32",
  scale: "f32",
};

export const splitsOf = ({ k }: GemmShape, { length }: Tiling): number => Math.max(1, Math.ceil(k / length));

export const tilesOf = (shape: GemmShape, tiling: Tiling): number =>
  splitsOf(shape, tiling) * shape.batch * Math.ceil(shape.m / tiling.rows) * Math.ceil(shape.n / tiling.columns);

export function gemmParams(shape: GemmShape, tiling: Tiling, scale: number): readonly number[] {
  const { batch, m, n, k, shared, lefts = batch } = shape;
  const [across, down] = [Math.ceil(n / tiling.columns), Math.ceil(m / tiling.rows)];
  return [tilesOf(shape, tiling), batch, m, n, k, across, down, lefts, shared ? 0 : k * n, tiling.length, scale];
}
