/** Tensors as torch pickles them: a view of a storage by offset, shape and strides. */
import { quoted, shapeText } from "../formatError.ts";
import { bytesIn } from "../weights/stored.ts";
import type { Wrong } from "./storages.ts";
import { described, isA, isNatural, type PthTensor, type Value } from "./values.ts";

/** The most axes of a tensor: torch's own limit. */
const MOST_AXES = 64;

const lengthsOf = (value: Value | undefined): readonly number[] | null =>
  isA(value, "tuple") && value.items.length <= MOST_AXES && value.items.every(isNatural) ? value.items : null;

/** The count of numbers from the first to the last of a view, both included; 0 for an empty view. */
function reach(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return 1 + shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), 0);
}

/**
 * The tensor of `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks, …)`. `requires_grad` and the hooks are
 * ignored.
 *
 * @throws the error of `wrong`
 */
export function tensorOf([storage, offset, sizes, steps]: readonly Value[], wrong: Wrong): PthTensor {
  if (!isA(storage, "storage")) throw wrong(`needs a storage, got ${described(storage)}`);
  if (!isNatural(offset)) throw wrong(`needs an offset of 0, 1, …, got ${described(offset)}`);
  const [shape, strides] = [lengthsOf(sizes), lengthsOf(steps)];
  if (shape === null) throw wrong(`needs a shape: a tuple of at most ${MOST_AXES} lengths`);
  if (strides === null || strides.length !== shape.length) throw wrong(`needs a stride of 0, 1, … for each of ${shape.length} axes`);
  if (bytesIn(storage.dtype, shape) === null) throw wrong(`cannot have the shape ${shapeText(shape)}`);
  const { key, length } = storage;
  if (offset + reach(shape, strides) > length)
    throw wrong(
      `reaches beyond the ${length} numbers of storage ${quoted(key)}: offset ${offset}, shape ${shapeText(shape)}, strides ${shapeText(strides)}`,
    );
  return { kind: "tensor", storage, offset, shape: Object.freeze([...shape]), strides };
}
