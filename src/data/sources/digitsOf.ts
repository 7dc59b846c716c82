/** The file of handwritten digits (fixtures/digits): 8×8 grey images of ten classes, 1,437 for training and then 360 for testing. */
import { numbersOf, parseSafetensors, type Safetensors } from "../../io/safetensors/safetensors.ts";
import { decoded } from "../images/imageFile.ts";
import type { Pixels } from "../pixels/pixels.ts";
import type { Dataset } from "./dataset.ts";

/** The splits of the digits. */
export type DigitsSplit = "train" | "test";

/** Side of a stored image, in pixels. */
const SIDE = 8;
const CLASSES = 10;
/** The largest stored value, and that of a byte. */
const [FULL_SCALE, FULL_BYTE] = [16, 255];
const FIRST_TEST_IMAGE = 1437;

function numbers({ tensors }: Safetensors, name: string): Float64Array {
  const stored = tensors.get(name);
  if (stored === undefined) throw new Error(`digits: the file has no tensor ${name}`);
  return numbersOf(stored);
}

/** Enlarges an image: each pixel becomes a square of `times` × `times` pixels. */
function repeated(pixels: Uint8Array, times: number): Uint8Array {
  const side = SIDE * times;
  const out = new Uint8Array(side ** 2);
  for (let i = 0; i < out.length; i++) out[i] = pixels[Math.floor(i / side / times) * SIDE + Math.floor((i % side) / times)] ?? 0;
  return out;
}

/**
 * One of the two splits, in the order of the file. A stored value v from 0 to 16 becomes the nearest byte to 255 v/16.
 *
 * @param digest of the set
 * @throws RangeError unless `side` is a multiple of 8
 */
export function digitsOf(file: Uint8Array, split: DigitsSplit, side: number, digest: string): Dataset {
  const times = side / SIDE;
  if (!(Number.isInteger(times) && times > 0)) throw new RangeError(`digits: the image size must be a multiple of ${SIDE}, got ${side}`);
  const tensors = parseSafetensors(file);
  const images = Uint8Array.from(numbers(tensors, "images"), (v) => Math.round((v * FULL_BYTE) / FULL_SCALE));
  const labels = numbers(tensors, "labels");
  const [first, end] = split === "train" ? [0, FIRST_TEST_IMAGE] : [FIRST_TEST_IMAGE, labels.length];
  const name = `digits:${split}`;
  const image = (i: number): Pixels => {
    const stored = images.subarray((first + i) * SIDE ** 2, (first + i + 1) * SIDE ** 2);
    return { data: repeated(stored, times), width: side, height: side, channels: 1 };
  };
  return {
    name,
    classes: Array.from({ length: CLASSES }, (_, digit) => `${digit}`),
    channels: 1,
    side,
    count: end - first,
    label: (i) => labels[first + i] ?? 0,
    image,
    open: (i) => decoded(image(i)),
    nameOf: (i) => `${name}: image ${i}`,
    handle: { kind: "named", text: name, shape: { channels: 1, side, classes: CLASSES } },
    digest,
    close: () => undefined,
  };
}
