/** @throws TypeError for anything else: a library that answers in another kind of numbers would be timed at something else */
export function numbers(data: unknown): Float32Array {
  if (!(data instanceof Float32Array)) throw new TypeError("the logits are no Float32Array");
  return data;
}
