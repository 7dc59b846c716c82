/** What decides what a call of an op does, as text: equal texts, equal commands. */
import { isTensor } from "../../../tensor/tensor.ts";
import type { HeapBlock } from "../../heap.ts";

/**
 * The key of a call with these arguments; null: something else decides too, as in a function, or the op will refuse a tensor.
 *
 * @param numbers the blocks of the arguments, numbered in the order in which they are met, are added here
 */
export function callKey(args: unknown, numbers: Map<HeapBlock, number>, isLive: (block: object) => block is HeapBlock): string | null {
  if (args === null || args === undefined || typeof args === "boolean") return `${args}`;
  if (typeof args === "number") return Object.is(args, -0) ? "-0" : `${args}`;
  if (typeof args === "string") return JSON.stringify(args);
  if (typeof args !== "object") return null;
  if (isTensor(args)) {
    const { block, shape } = args;
    if (!isLive(block)) return null;
    const known = numbers.get(block);
    if (known === undefined) numbers.set(block, numbers.size);
    return `${known ?? `new ${block.bytes} ${block.elementBytes} ${block.kept?.bytes}`}:${shape.join()}`;
  }
  const isList = Array.isArray(args);
  const proto: unknown = Object.getPrototypeOf(args);
  if (!isList && proto !== Object.prototype && proto !== null) return null;
  let text = isList ? "[" : "{";
  for (const key in args) {
    const child = callKey(Reflect.get(args, key), numbers, isLive);
    if (child === null) return null;
    text += `${key.length} ${key}${child};`;
  }
  return `${text}}`;
}
