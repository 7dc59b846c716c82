/** @throws TypeError for anything else: a library that returns another type of numbers does other work than is meant to be timed */
export function numbers(data: unknown): Float32Array {
  if (!(data instanceof Float32Array)) throw new TypeError("the logits are no Float32Array");
  return data;
}
