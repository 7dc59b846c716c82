/** Random cases for laws: a stream of draws from a key. */
import type { Precision } from "../kernels/engine.ts";
import { fold, normalAt, uniform53At, type Key } from "../tensor/key.ts";
import { size, type Shape } from "../tensor/tensor.ts";
import type { HostArray } from "./host.ts";

/**
 * Each call continues the stream. The precision can represent all numbers of an array exactly (for f16: f32 can, the format of parameters and
 * images), so that the loops and the engine start from the same numbers. Single numbers are not rounded: each engine rounds its settings itself.
 */
export interface Draw {
  /** The precision of the engine that the case is for. */
  readonly precision: Precision;
  /** The nearest number that the precision can represent, for arrays that a case computes from what it has drawn. */
  readonly round: (x: number) => number;
  /** An integer from min to max, both included. */
  readonly integer: (min: number, max: number) => number;
  /** Uniform on [min, max). */
  readonly real: (min: number, max: number) => number;
  /** One of the choices, all equally likely. */
  readonly oneOf: <T>(choices: readonly [T, ...T[]]) => T;
  /** Independent normal draws. */
  readonly array: (shape: Shape, options?: { readonly mean?: number; readonly deviation?: number }) => HostArray;
  /** Class numbers from 0 to classes − 1. */
  readonly labels: (shape: Shape, classes: number) => HostArray;
  /** Each row along the last axis is a distribution, up to the rounding of the precision. */
  readonly distribution: (shape: Shape) => HostArray;
  /** A fresh key. */
  readonly key: () => Key;
}

const roundings: { readonly [P in Precision]: (x: number) => number } = { f64: (x) => x, f32: Math.fround, f16: Math.fround };

/** @param precision arrays are rounded to it; f64 rounds nothing */
export function drawOf(key: Key, precision: Precision = "f64"): Draw {
  const round = roundings[precision];
  let next = 0;
  const real = (min: number, max: number): number => min + (max - min) * uniform53At(key, next++);
  const integer = (min: number, max: number): number => Math.floor(real(min, max + 1));
  const fill = (shape: Shape, f: () => number): HostArray => {
    const data = new Float64Array(size(shape));
    for (let i = 0; i < data.length; i++) data[i] = f();
    return { shape, data };
  };
  const subkey = (): Key => fold(key, integer(0, 2 ** 40));
  return {
    precision,
    round,
    integer,
    real,
    oneOf: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0],
    array: (shape, { mean = 0, deviation = 1 } = {}) => {
      const own = subkey();
      let i = 0;
      return fill(shape, () => round(mean + deviation * normalAt(own, i++)));
    },
    labels: (shape, classes) => fill(shape, () => integer(0, classes - 1)),
    distribution: (shape) => {
      const K = shape.at(-1) ?? 1;
      const q = fill(shape, () => real(0.05, 1));
      const sums = Array.from({ length: size(shape) / K }, (_, row) => q.data.subarray(row * K, (row + 1) * K).reduce((a, b) => a + b, 0));
      return { shape, data: q.data.map((x, i) => round(x / (sums[Math.floor(i / K)] ?? 1))) };
    },
    key: subkey,
  };
}
