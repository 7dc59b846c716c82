/** Gathers numbers that are not contiguous in memory into row-major order. */
import { size, type Shape } from "../../tensor/tensor.ts";

/** Where the numbers of an array are in memory. */
export interface StridedView {
  readonly shape: Shape;
  /** The position of the first number, in bytes. */
  readonly offset: number;
  /** The distance between neighbours along each axis, in bytes. */
  readonly strides: readonly number[];
}

/** The strides, in bytes, of a row-major array of numbers of `width` bytes. */
export const rowMajorStrides = (shape: Shape, width: number): readonly number[] =>
  shape.map((_, axis) => width * size(shape.slice(axis + 1)));

/** Whether the numbers are contiguous in row-major order; the stride of an axis of length one does not matter. */
function isRowMajor({ shape, strides }: StridedView, width: number): boolean {
  const rows = rowMajorStrides(shape, width);
  return size(shape) === 0 || shape.every((length, axis) => length === 1 || strides[axis] === rows[axis]);
}

/** Copies the numbers, of `width` bytes each, in row-major order. The view must lie within `bytes`. */
export function gathered(bytes: Uint8Array, width: number, view: StridedView): Uint8Array<ArrayBuffer> {
  const { shape, offset, strides } = view;
  const length = size(shape) * width;
  if (isRowMajor(view, width)) return new Uint8Array(bytes.subarray(offset, offset + length));
  const rows = new Uint8Array(length);
  for (let to = 0; to < length; to += width) {
    let [from, rest] = [offset, to / width];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const count = shape[axis] ?? 1;
      from += (rest % count) * (strides[axis] ?? 0);
      rest = Math.floor(rest / count);
    }
    for (let i = 0; i < width; i++) rows[to + i] = bytes[from + i] ?? 0;
  }
  return rows;
}
