/** fast-check arbitraries: arrays for any function, and drawn calls of an op. Both shrink. */
import fc from "fast-check";
import type { Precision } from "../kernels/engine.ts";
import { fold, keyOf } from "../tensor/key.ts";
import { show, size, type Shape } from "../tensor/tensor.ts";
import { drawOf, type Draw } from "./draw.ts";
import type { HostArray } from "./host.ts";
import type { Subject, Trial } from "./subject.ts";

/** Values lie near odd multiples of this: never where a kink is likely, at 0. */
const GRAIN = 1 / 64;
/** The largest value, in grains. */
const LARGEST = 191;
/** Longer arrays are drawn whole: to shrink them number by number would take too long. */
const SHRINKABLE = 64;
/** (√5 − 1)/2: its multiples modulo 1 keep apart from each other. */
const GOLDEN = 0.6180339887498949;

/** −⅛ … ⅛ of a grain on either side, another at every place, so that no two values of an array are equal. */
const jitter = (i: number): number => (((i + 1) * GOLDEN) % 1) / 4 - 1 / 8;

/** The array of these whole numbers −96 … 95. */
function arrayOf(shape: Shape, numbers: readonly number[]): HostArray {
  return { shape, data: Float64Array.from(numbers, (n, i) => (2 * n + 1 + jitter(i)) * GRAIN) };
}

/** Arrays of this shape with values of −3 … 3 that shrink to a common small one. */
export function arrayArbitrary(shape: Shape): fc.Arbitrary<HostArray> {
  const length = size(shape);
  const most = (LARGEST - 1) / 2;
  const number = fc.integer({ min: -most - 1, max: most });
  if (length <= SHRINKABLE) return fc.array(number, { minLength: length, maxLength: length }).map((numbers) => arrayOf(shape, numbers));
  return fc.noShrink(fc.nat()).map((seed) => {
    const draw = drawOf(keyOf(seed));
    return arrayOf(
      shape,
      Array.from({ length }, () => draw.integer(-most - 1, most)),
    );
  });
}

/** So many decisions of a draw can shrink; later ones are random. */
const TAPE = 32;
const STEPS = 2 ** 20;

/** A draw whose first decisions are read from `tape`, numbers of 0 … STEPS − 1: smaller ones make smaller sizes. */
function drawFrom(tape: readonly number[], seed: number, precision: Precision): Draw {
  const key = keyOf(seed);
  const later = drawOf(fold(key, "decisions"), precision);
  let [read, arrays] = [0, 0];
  const uniform = (): number => {
    const word = tape[read++];
    return word === undefined ? later.real(0, 1) : word / STEPS;
  };
  const real = (min: number, max: number): number => min + (max - min) * uniform();
  const integer = (min: number, max: number): number => Math.floor(real(min, max + 1));
  const own = (): Draw => drawOf(fold(key, arrays++), precision);
  const { round } = later;
  return {
    precision,
    round,
    real,
    integer,
    oneOf: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0],
    array: (shape, options) => own().array(shape, options),
    labels: (shape, classes) => own().labels(shape, classes),
    distribution: (shape) => own().distribution(shape),
    key: () => own().key(),
  };
}

/** `layerNorm(x [2, 3], params.weight [3], params.bias [3])` */
const callText = (name: string, { inputs }: Trial): string =>
  `${name}(${[...inputs].map(([input, { shape }]) => `${input} ${show(shape)}`.trim()).join(", ")})`;

/** A drawn call with the stream of draws that its laws go on with. */
export interface DrawnTrial {
  /** The call: its inputs on the host, and what runs it on an engine. */
  readonly trial: Trial;
  /** Where cotangents and directions come from, so that a law draws the same for the same call. */
  readonly draw: Draw;
}

/** Valid calls of the subject's op for an engine of this precision, with small sizes as the simplest. */
export function trialArbitrary(subject: Subject, precision: Precision): fc.Arbitrary<DrawnTrial> {
  const tape = fc.array(fc.nat({ max: STEPS - 1 }), { minLength: TAPE, maxLength: TAPE });
  return fc.tuple(tape, fc.noShrink(fc.nat())).map(([words, seed]) => {
    const draw = drawFrom(words, seed, precision);
    const trial = subject.trial(draw);
    return { trial, draw, [fc.toStringMethod]: () => callText(subject.name, trial) };
  });
}
