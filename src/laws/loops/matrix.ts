/** The loops of which the oracles consist. They use no kernel and no op. */
import { hostArray, type HostArray } from "../../check/host.ts";
import { size, type Shape } from "../../tensor/tensor.ts";

/** An array filled by a function of its indices. */
export function tabulate(shape: Shape, f: (...indices: number[]) => number): HostArray {
  const data = new Float64Array(size(shape));
  const indices = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(...indices);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      indices[axis] = (indices[axis] ?? 0) + 1;
      if ((indices[axis] ?? 0) < (shape[axis] ?? 0)) break;
      indices[axis] = 0;
    }
  }
  return hostArray(shape, data);
}

/** The element at these indices. */
export function at({ shape, data }: HostArray, ...indices: readonly number[]): number {
  let flat = 0;
  for (const [axis, index] of indices.entries()) flat = flat * (shape[axis] ?? 0) + index;
  return data[flat] ?? NaN;
}

/** f(0) + … + f(n − 1) */
export function sum(n: number, f: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += f(i);
  return total;
}
