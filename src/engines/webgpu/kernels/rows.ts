/**
 * How a program goes over the rows of a matrix: a group of threads takes one row, each every WIDTH-th of its numbers, and they add up what they
 * found; or, where barriers are dear or rows are short, each thread takes a row of its own. The text is the same for both.
 *
 *   row            the row                     first, WIDTH     the thread's numbers are first, first + WIDTH, …
 *   sum_of(x)      Σ of the x of the row's threads, the same for all of them; max_of(x)
 *   leads          true of one thread of the row
 */
import type { Facts } from "../facts.ts";
import { GROUP, inRow, type Groups } from "../program.ts";

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
  let first = 0u;
  let leads = true;
`
      : `  let row = ${GROUP};
  if (row >= p.rows) { return; }
  part = lane;
  let first = lane;
  let leads = lane == 0u;
`,
});

export const rowGroups = (width: RowWidth, rows: number): Groups => inRow(width === 1 ? Math.ceil(rows / THREADS) : rows);
