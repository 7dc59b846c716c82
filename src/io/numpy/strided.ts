/** Numbers that do not lie one after the other, brought into row-major order. */
import { size, type Shape } from "../../tensor/tensor.ts";

export interface Layout {
  readonly shape: Shape;
  /** Of the first number; this and the strides are in bytes. */
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Strides of an array whose last axis is the innermost, one number being `width` bytes. */
export const rowMajorStrides = (shape: Shape, width: number): readonly number[] =>
  shape.map((_, axis) => width * size(shape.slice(axis + 1)));

/** Whether the numbers lie one after the other in row-major order; the stride of an axis of one element says nothing. */
function isRowMajor({ shape, strides }: Layout, width: number): boolean {
  const rows = rowMajorStrides(shape, width);
  return size(shape) === 0 || shape.every((length, axis) => length === 1 || strides[axis] === rows[axis]);
}

/** A copy of the numbers, of `width` bytes each, in row-major order. They lie within `bytes`. */
export function gathered(bytes: Uint8Array, width: number, layout: Layout): Uint8Array<ArrayBuffer> {
  const { shape, offset, strides } = layout;
  const length = size(shape) * width;
  if (isRowMajor(layout, width)) return new Uint8Array(bytes.subarray(offset, offset + length));
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
