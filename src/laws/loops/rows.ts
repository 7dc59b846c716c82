/** Reshaped views of arrays, and elementwise functions, for the oracles. */
import { hostArray, type HostArray } from "../../check/host.ts";
import { axis, size, type Shape } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";

/** The same numbers with another shape. */
export const reshaped = (a: HostArray, shape: Shape): HostArray => hostArray(shape, a.data);

/** [..., D] as [rows, D]. */
export const asRows = (a: HostArray): HostArray => reshaped(a, [size(a.shape.slice(0, -1)), axis(a.shape, -1)]);

/** [..., N, D] as [groups, N, D]. */
export const asGroups = (a: HostArray): HostArray => reshaped(a, [size(a.shape.slice(0, -2)), axis(a.shape, -2), axis(a.shape, -1)]);

/** f of each element. */
export const mapped = ({ shape, data }: HostArray, f: (x: number) => number): HostArray => ({ shape, data: data.map(f) });

/** f of each pair of elements of two arrays of the same shape. */
export const paired = (a: HostArray, b: HostArray, f: (x: number, y: number) => number): HostArray => ({
  shape: a.shape,
  data: a.data.map((x, i) => f(x, b.data[i] ?? NaN)),
});

/** x ⊙ m; null: all ones. */
export const masked = (x: HostArray, mask: HostArray | null): HostArray => (mask === null ? x : paired(x, mask, (value, m) => value * m));

/** ⟨a, b⟩ of each row, [rows]. */
export function rowProducts(a: HostArray, b: HostArray): HostArray {
  const [A, B] = [asRows(a), asRows(b)];
  const [rows = 0, D = 0] = A.shape;
  return tabulate([rows], (n) => sum(D, (j) => at(A, n, j) * at(B, n, j)));
}

/** ⟨a, 1⟩ of each row, [rows]. */
export const rowSums = (a: HostArray): HostArray =>
  rowProducts(
    a,
    mapped(a, () => 1),
  );

/** The largest |a_i| as a share of the largest |b_i|: how near a is to 0, if a is a sum of cancelling terms as large as b. */
export function share(a: HostArray, b: HostArray): number {
  const largest = ({ data }: HostArray): number => data.reduce((most, x) => (Math.abs(x) <= most ? most : Math.abs(x)), 0);
  return largest(a) / (largest(b) || 1);
}
