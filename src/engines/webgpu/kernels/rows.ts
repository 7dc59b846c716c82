/**
 * How a program goes over the rows of a matrix: a group of threads takes one row, each every WIDTH-th of its numbers, and they add up what they
 * found; or, where barriers are dear or rows are short, each thread takes a row of its own. The text is the same for both.
 *
 *   row            the row                     first, WIDTH     the thread's numbers are first, first + WIDTH, …
 *   sum_of(x)      Σ of the x of the row's threads, the same for all of them; max_of(x)
 *   leads          true of one thread of the row
 *
 * A matrix has rows of p.n numbers; number j of the row is element at + j of the tensor.
 */
import type { Facts } from "../facts.ts";
import { GROUP, inRow, type Groups, type Storage } from "../program.ts";

/** Threads of a group. */
const THREADS = 64;
/** Rows shorter than this are one thread's. */
const SHORT = 32;

export type RowWidth = 1 | 64;

export const rowWidth = ({ software }: Facts, n: number): RowWidth => (software || n < SHORT ? 1 : THREADS);

export interface RowText {
  readonly workgroup: readonly [number, number, number];
  readonly declarations: string;
  /** Leaves `main` where there is no row; `p.rows` is their number. */
  readonly head: string;
}

const alone = `
const WIDTH = 1u;
fn sum_of(x: f32) -> f32 { return x; }
fn max_of(x: f32) -> f32 { return x; }
`;

const together = `
const WIDTH = ${THREADS}u;
var<workgroup> parts: array<f32, ${THREADS}>;
var<private> part: u32;
fn sum_of(x: f32) -> f32 {
  parts[part] = x;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (part < half) { parts[part] += parts[part + half]; }
  }
  workgroupBarrier();
  let total = parts[0];
  workgroupBarrier();
  return total;
}
fn max_of(x: f32) -> f32 {
  parts[part] = x;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (part < half) { parts[part] = max(parts[part], parts[part + half]); }
  }
  workgroupBarrier();
  let most = parts[0];
  workgroupBarrier();
  return most;
}
`;

export const rowText = (width: RowWidth): RowText => ({
  workgroup: [THREADS, 1, 1],
  declarations: width === 1 ? alone : together,
  head:
    width === 1
      ? `  let row = ${GROUP} * ${THREADS}u + lane;
  if (row >= p.rows) { return; }
  let at = row * p.n;
  let first = 0u;
  let leads = true;
`
      : `  let row = ${GROUP};
  if (row >= p.rows) { return; }
  let at = row * p.n;
  part = lane;
  let first = lane;
  let leads = lane == 0u;
`,
});

export const rowGroups = (width: RowWidth, rows: number): Groups => inRow(width === 1 ? Math.ceil(rows / THREADS) : rows);

/** The loop over the thread's numbers. */
export const eachOfRow = (body: string): string => `  for (var j = first; j < p.n; j += WIDTH) { ${body} }
`;

/**
 * Fills the row of some tensors: `values` gives the text of element i = at + j, of number j of the row, for each. Two f16 share a word, so they
 * are written together, and a row has an even number of them.
 */
export function fillRow(storage: Storage, values: Readonly<Record<string, (i: string, j: string) => string>>): string {
  const names = Object.entries(values);
  if (storage === "f32") return eachOfRow(names.map(([name, value]) => `store_${name}(at + j, ${value("(at + j)", "j")});`).join(" "));
  const both = (value: (i: string, j: string) => string): string =>
    `vec2f(${value("(at + j)", "j")}, ${value("(at + j + 1u)", "(j + 1u)")})`;
  return `  for (var j = 2u * first; j < p.n; j += 2u * WIDTH) { ${names.map(([name, value]) => `store2_${name}((at + j) / 2u, ${both(value)});`).join(" ")} }
`;
}
