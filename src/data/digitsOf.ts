/** Handwritten digits of their file (fixtures/digits): 8×8 grey images of ten classes, the first 1,437 to train, the last 360 to test. */
import { numbersOf, parseSafetensors, type Safetensors } from "../io/safetensors/safetensors.ts";
import type { Dataset } from "./dataset.ts";

export type Split = "train" | "test";

/** In pixels. */
const SIDE = 8;
const CLASSES = 10;
/** Full scale. */
const INK = 16;
const FIRST_TO_TEST = 1437;

function numbers({ tensors }: Safetensors, name: string): Float64Array {
  const stored = tensors.get(name);
  if (stored === undefined) throw new Error(`digits: nothing named ${name}`);
  return numbersOf(stored);
}

/** Each pixel becomes a square of `times` by `times`: the one way in which digits are enlarged. */
function repeated(pixels: Float64Array, times: number): Float64Array {
  const side = SIDE * times;
  const source = (i: number): number => Math.floor(Math.floor(i / side) / times) * SIDE + Math.floor((i % side) / times);
  return Float64Array.from({ length: side ** 2 }, (_, i) => pixels[source(i)] ?? 0);
}

/**
 * One of the two parts, in the order of the file.
 *
 * @throws RangeError unless `side` is a multiple of 8
 */
export function digitsOf(file: Uint8Array, split: Split, side: number): Dataset {
  const times = side / SIDE;
  if (!(Number.isInteger(times) && times > 0)) throw new RangeError(`digits: the image size must be a multiple of ${SIDE}, got ${side}`);
  const tensors = parseSafetensors(file);
  const [images, labels] = [numbers(tensors, "images"), numbers(tensors, "labels")];
  const [first, end] = split === "train" ? [0, FIRST_TO_TEST] : [FIRST_TO_TEST, labels.length];
  const ink = (i: number): Float64Array => images.subarray((first + i) * SIDE ** 2, (first + i + 1) * SIDE ** 2);
  return {
    name: `digits:${split}`,
    classes: Array.from({ length: CLASSES }, (_, digit) => `${digit}`),
    channels: 1,
    side,
    count: end - first,
    pixels: (i) =>
      repeated(
        ink(i).map((value) => value / INK),
        times,
      ),
    label: (i) => labels[first + i] ?? 0,
  };
}
