/** fast-check arbitraries: arrays for any function, and random calls of an op. Both shrink. */
import fc from "fast-check";
import type { Precision } from "../kernels/engine.ts";
import { fold, keyOf } from "../tensor/key.ts";
import { show, size, type Shape } from "../tensor/tensor.ts";
import { apart, CELLS } from "./gradient/apart.ts";
import type { Arrays } from "./gradient/differentiable.ts";
import { drawOf, type Draw } from "./draw.ts";
import type { HostArray } from "./host.ts";
import type { Subject, Trial } from "./laws/subject.ts";

/** Longer arrays are drawn as a whole: shrinking them number by number would take too long. */
const SHRINKABLE = 64;

/** `length` cells, of which those around 0 are the simplest. */
function cellsArbitrary(length: number): fc.Arbitrary<readonly number[]> {
  if (length <= SHRINKABLE) return fc.array(fc.integer({ min: -CELLS, max: CELLS - 1 }), { minLength: length, maxLength: length });
  return fc.noShrink(fc.nat()).map((seed) => {
    const draw = drawOf(keyOf(seed));
    return Array.from({ length }, () => draw.integer(-CELLS, CELLS - 1));
  });
}

/**
 * Arrays of these shapes, with values from −3 to 3. No two values are close to each other, in one array or in two; they shrink to common small
 * values. docs/checking-gradients.md says how far apart they are.
 */
export function arraysArbitrary<Name extends string>(shapes: { readonly [K in Name]: Shape }): fc.Arbitrary<Arrays<Name>>;
export function arraysArbitrary(shapes: { readonly [name: string]: Shape }): fc.Arbitrary<Arrays> {
  const entries = Object.entries(shapes);
  const cells = fc.tuple(...entries.map(([, shape]) => cellsArbitrary(size(shape))));
  return fc.tuple(cells, fc.noShrink(fc.noBias(fc.nat()))).map(([parts, seed]) => {
    const numbers = apart(parts.flat(), seed);
    let from = 0;
    return Object.fromEntries(entries.map(([name, shape]) => [name, { shape, data: numbers.slice(from, (from += size(shape))) }]));
  });
}

/** One such array. Two arrays that are drawn independently may share numbers; draw them together with `arraysArbitrary`. */
export const arrayArbitrary = (shape: Shape): fc.Arbitrary<HostArray> => arraysArbitrary({ x: shape }).map(({ x }) => x);

/** This many decisions of a draw can shrink; later ones are random. */
const TAPE = 32;
const STEPS = 2 ** 20;

/** A draw whose first decisions are read from `tape`, numbers from 0 to STEPS − 1; smaller numbers make smaller sizes. */
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

/** A random call, with the stream of draws from which its laws continue. */
export interface DrawnTrial {
  /** The call: its inputs on the host, and what runs it on an engine. */
  readonly trial: Trial;
  /** The source of cotangents and directions, so that a law draws the same ones for the same call. */
  readonly draw: Draw;
}

/** Valid calls of the subject's op for an engine of this precision; the simplest ones are small. */
export function trialArbitrary(subject: Subject, precision: Precision): fc.Arbitrary<DrawnTrial> {
  const tape = fc.array(fc.nat({ max: STEPS - 1 }), { minLength: TAPE, maxLength: TAPE });
  return fc.tuple(tape, fc.noShrink(fc.nat())).map(([words, seed]) => {
    const draw = drawFrom(words, seed, precision);
    const trial = subject.trial(draw);
    return { trial, draw, [fc.toStringMethod]: () => callText(subject.name, trial) };
  });
}
