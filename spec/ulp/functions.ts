/** The errors of the elementwise functions, range by range, in units in the last place of the true value. */
import { ulps } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import type { Engines } from "../../src/check/engines.ts";
import { evaluateOne, hostArray } from "../../src/check/host.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

type Range = readonly [from: number, to: number];

interface Elementwise {
  readonly name: string;
  readonly run: (k: Kernels, x: Tensor) => Tensor;
  readonly ranges: readonly Range[];
}

/** The functions and their ranges; separate ranges have results that are subnormal in f32. */
const functions: readonly Elementwise[] = [
  { name: "exp", run: (k, x) => k.exp(x), ranges: [[-103, -87.4], [-87.3, -10], [-10, -1], [-1, 1], [1, 10], [10, 88.7]] }, // prettier-ignore
  { name: "log", run: (k, x) => k.log(x), ranges: [[1e-38, 1e-3], [1e-3, 0.5], [0.5, 0.99], [0.99, 1.01], [1.01, 2], [2, 1e3], [1e3, 1e38]] }, // prettier-ignore
  { name: "normalCdf", run: (k, x) => k.normalCdf(x), ranges: [[-14, -13], [-12.9, -5], [-5, -1], [-1, 1], [1, 5], [5, 20]] }, // prettier-ignore
  { name: "gelu", run: (k, x) => gelu.forward(k, { x }).out, ranges: [[-14, -13], [-12.9, -5], [-5, -1], [-1, 1], [1, 5], [5, 20]] }, // prettier-ignore
  { name: "sqrt", run: (k, x) => k.sqrt(x), ranges: [[1e-38, 1], [1, 1e3], [1e3, 1e38]] }, // prettier-ignore
  { name: "rsqrt", run: (k, x) => k.rsqrt(x), ranges: [[1e-38, 1], [1, 1e3], [1e3, 1e38]] }, // prettier-ignore
];

/** Ranges of positive numbers whose ends have at least this ratio are sampled evenly by their logarithm. */
const WIDE = 100;

export interface FunctionError {
  readonly function: string;
  readonly range: Range;
  readonly worst: number;
  /** The argument of the worst error. */
  readonly at: number;
}

async function errorOn({ name, run }: Elementwise, range: Range, { engine, reference }: Engines, points: number): Promise<FunctionError> {
  const draw = drawOf(fold(fold(keyOf(0), name), range.join()), engine.precision);
  const [from, to] = range;
  const point = from > 0 && to / from > WIDE ? () => Math.exp(draw.real(Math.log(from), Math.log(to))) : () => draw.real(from, to);
  const x = hostArray(
    [points],
    Float64Array.from({ length: points }, () => draw.round(point())),
  );
  const [actual, truth] = await Promise.all([engine, reference].map((on) => evaluateOne(on, (k) => run(k, k.upload(x.shape, x.data)))));
  let [worst, at] = [0, from];
  for (const [i, place] of x.data.entries()) {
    const off = ulps(actual?.data[i] ?? NaN, truth?.data[i] ?? NaN, engine.precision);
    if (!(off <= worst)) [worst, at] = [off, place];
  }
  return { function: name, range, worst, at };
}

/** Errors against an f64 engine. A correctly rounded result has an error of at most half a unit. */
export async function functionErrors(engines: Engines, points: number): Promise<readonly FunctionError[]> {
  const errors: FunctionError[] = [];
  for (const f of functions) for (const range of f.ranges) errors.push(await errorOn(f, range, engines, points));
  return errors;
}
