/** What a value is: a shape and an opaque block of memory that an engine owns. No arithmetic. */

/** Axis lengths, outermost first; [] is a scalar. */
export type Shape = readonly number[];

/** An immutable array. Frozen; two handles may share a block (`reshape`), and the block alone knows whether it is alive. */
export interface Tensor {
  /** Axis lengths, outermost first; [] is a scalar. */
  readonly shape: Shape;
  /** Where its numbers lie, known to its engine alone; `engine.read` gives them. */
  readonly block: object;
}

/** A handle on `block`, seen as `shape`. */
export const tensor = (shape: Shape, block: object): Tensor => Object.freeze({ shape, block });

/** Whether it is a tensor's handle, alive or not. */
export const isTensor = (value: object): value is Tensor => "block" in value && "shape" in value;

/** Number of elements: the product of the axis lengths. */
export function size(shape: Shape): number {
  let n = 1;
  for (const length of shape) n *= length;
  return n;
}

/** Length of axis `i`, counted from the end if negative; 1 where there is no such axis. */
export const axis = (shape: Shape, i: number): number => shape.at(i) ?? 1;

/** `[2, 3]`, as error messages print a shape. */
export const show = (shape: Shape): string => `[${shape.join(", ")}]`;
