/** Reads the file of handwritten digits (fixtures/digits): 8×8 grey images of ten classes, 1,437 for training and then 360 for testing. */
import { numbersOf, parseSafetensors, type Safetensors } from "../io/safetensors/safetensors.ts";
import type { Dataset } from "./dataset.ts";

/** The splits of the digits. */
export type Split = "train" | "test";

/** Side of a stored image, in pixels. */
const SIDE = 8;
const CLASSES = 10;
/** The largest stored value. */
const FULL_SCALE = 16;
const FIRST_TEST_IMAGE = 1437;

function numbers({ tensors }: Safetensors, name: string): Float64Array {
  const stored = tensors.get(name);
  if (stored === undefined) throw new Error(`digits: the file has no tensor ${name}`);
  return numbersOf(stored);
}

/** Enlarges an image: each pixel becomes a square of `times` × `times` pixels. */
function repeated(pixels: Float64Array, times: number): Float64Array {
  const side = SIDE * times;
  const source = (i: number): number => Math.floor(Math.floor(i / side) / times) * SIDE + Math.floor((i % side) / times);
  return Float64Array.from({ length: side ** 2 }, (_, i) => pixels[source(i)] ?? 0);
}

/**
 * One of the two splits, in the order of the file.
 *
 * @throws RangeError unless `side` is a multiple of 8
 */
export function digitsOf(file: Uint8Array, split: Split, side: number): Dataset {
  const times = side / SIDE;
  if (!(Number.isInteger(times) && times > 0)) throw new RangeError(`digits: the image size must be a multiple of ${SIDE}, got ${side}`);
  const tensors = parseSafetensors(file);
  const [images, labels] = [numbers(tensors, "images"), numbers(tensors, "labels")];
  const [first, end] = split === "train" ? [0, FIRST_TEST_IMAGE] : [FIRST_TEST_IMAGE, labels.length];
  const stored = (i: number): Float64Array => images.subarray((first + i) * SIDE ** 2, (first + i + 1) * SIDE ** 2);
  return {
    name: `digits:${split}`,
    classes: Array.from({ length: CLASSES }, (_, digit) => `${digit}`),
    channels: 1,
    side,
    count: end - first,
    pixels: (i) =>
      repeated(
        stored(i).map((value) => value / FULL_SCALE),
        times,
      ),
    label: (i) => labels[first + i] ?? 0,
  };
}
