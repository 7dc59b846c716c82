/** A tensor: a shape, and an opaque block of memory that an engine owns. No arithmetic. */

/** Axis lengths, outermost first; [] is a scalar. */
export type Shape = readonly number[];

/** A handle to an immutable array. Two handles may share a block (`reshape`); they become stale together. */
export interface Tensor {
  /** Axis lengths, outermost first; [] is a scalar. */
  readonly shape: Shape;
  /** The memory that holds the numbers, which only its engine can access; `engine.read` returns them. */
  readonly block: object;
}

/** An immutable handle to `block` with this shape. */
export const tensor = (shape: Shape, block: object): Tensor => Object.freeze({ shape, block });

/** Whether a value is a tensor, alive or stale. */
export const isTensor = (value: object): value is Tensor => "block" in value && "shape" in value;

/** Number of elements: the product of the axis lengths. */
export function size(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i] ?? 1;
  return n;
}

/** Length of axis `i`, counted from the end if negative; 1 if there is no such axis. */
export const axis = (shape: Shape, i: number): number => shape.at(i) ?? 1;

/** `[2, 3]`, as error messages print a shape. */
export const show = (shape: Shape): string => `[${shape.join(", ")}]`;
