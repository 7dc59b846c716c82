/**
 * A product of matrices, C = s A B + b, batched: A is m × k (stored k × m if ta), B is k × n (stored n × k if tb), b is added to each row.
 *
 * C is cut into tiles, and if there are too few of them for a device, the sum over k is cut too: each split leaves a C of its own, and
 * a second launch adds them up in order. What a program's text says of all this is its form; sizes are params.
 */
import type { Element, ParamType, Storage } from "../../program.ts";

export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly ta: boolean;
  readonly tb: boolean;
  /** One B for the whole batch. */
  readonly shared: boolean;
  /** How many A there are: the batch goes through them again and again. Default: one each. */
  readonly lefts?: number;
}

/** How the operands lie. */
export interface Stored {
  readonly a: Storage;
  readonly b: Storage;
  /** In f16, n must be even. */
  readonly c: Storage;
  /** Null: there is none. */
  readonly bias: Storage | null;
  /** What A and B are rounded to before they are multiplied; sums are of f32 in any case. */
  readonly factors: Storage;
}

export interface Form extends Stored, Pick<Product, "ta" | "tb"> {
  /** Rows of A, B and C are whole multiples of four long, so that four numbers are read or written at once. */
  readonly whole: { readonly a: boolean; readonly b: boolean; readonly c: boolean };
}

export function formOf({ ta, tb, m, n, k }: Product, { a, b, c, bias, factors }: Stored): Form {
  const [lengthOfA, lengthOfB] = [ta ? m : k, tb ? k : n];
  const whole = { a: lengthOfA % 4 === 0, b: lengthOfB % 4 === 0, c: n % 4 === 0 };
  return { ta, tb, a, b, c, bias, factors, whole };
}

const elementOf = (storage: Storage, whole: boolean): Element => (whole ? `${storage}x4` : storage);

/** In the order in which a launch binds them. */
export const tensorsOf = ({ a, b, c, bias, whole }: Form): Readonly<Record<string, Element>> => ({
  c: elementOf(c, whole.c),
  a: elementOf(a, whole.a),
  b: elementOf(b, whole.b),
  ...(bias === null ? {} : { bias: elementOf(bias, whole.c) }),
});

/** How a product is cut up. */
export interface Cut {
  /** Rows and columns of a tile of C. */
  readonly rows: number;
  readonly columns: number;
  /** Terms of a split; as many as there are: it is the only one. */
  readonly length: number;
}

/** Of every program that multiplies. */
export const productParams: Readonly<Record<string, ParamType>> = {
  /** Tiles in all. */
  count: "u32",
  batch: "u32",
  m: "u32",
  n: "u32",
  k: "u32",
  /** Tiles beside and below one another. */
  across: "u32",
  down: "u32",
  /** How many A there are. */
  lefts: "u32",
  /** From one B to the next. */
  nextB: "u32",
  length: "u32",
  scale: "f32",
};

export const splitsOf = ({ k }: Product, { length }: Cut): number => Math.max(1, Math.ceil(k / length));

export const tilesOf = (product: Product, cut: Cut): number =>
  splitsOf(product, cut) * product.batch * Math.ceil(product.m / cut.rows) * Math.ceil(product.n / cut.columns);

export function paramsOf(product: Product, cut: Cut, scale: number): readonly number[] {
  const { batch, m, n, k, shared, lefts = batch } = product;
  const [across, down] = [Math.ceil(n / cut.columns), Math.ceil(m / cut.rows)];
  return [tilesOf(product, cut), batch, m, n, k, across, down, lefts, shared ? 0 : k * n, cut.length, scale];
}

/** Where tile `tile` lies: its corner of C, its terms, and where its A, B and C begin. */
export const place = ({ rows, columns }: Pick<Cut, "rows" | "columns">): string => `  let row = ((tile / p.across) % p.down) * ${rows}u;
  let column = (tile % p.across) * ${columns}u;
  let part = tile / (p.across * p.down);
  let matrix = part % p.batch;
  let start = (part / p.batch) * p.length;
  let end = min(start + p.length, p.k);
  let from_a = (matrix % p.lefts) * p.m * p.k;
  let from_b = matrix * p.nextB;
  let into = part * p.m * p.n;
`;
