/** Settings of an example as the attrs of its op. */
import type { Kernels, Tensor } from "deit";
import { hostArray, type HostArray } from "deit/check";

/** One row of an array [1, K]. */
export const row = (...numbers: readonly number[]): HostArray => hostArray([1, numbers.length], numbers);

/** A number as an array without axes. */
export const scalar = (x: number): HostArray => hostArray([], [x]);

/** The number in an array without axes. */
export const numberOf = ({ data }: HostArray): number => data[0] ?? NaN;

/** The array on an engine. */
export const tensorOf = (k: Kernels, { shape, data }: HostArray): Tensor => k.upload(shape, data);
