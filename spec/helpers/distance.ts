import { show } from "../../src/tensor/tensor.ts";
import type { HostArray } from "../../src/check/host.ts";

/** The largest absolute difference; Infinity for NaN or a wrong shape. */
export function distance(actual: HostArray, expected: HostArray): number {
  if (show(actual.shape) !== show(expected.shape)) return Infinity;
  return expected.data.reduce((most, want, i) => {
    const gap = Math.abs((actual.data[i] ?? NaN) - want);
    return Number.isNaN(gap) ? Infinity : Math.max(most, gap);
  }, 0);
}
