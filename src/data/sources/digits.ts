/** The handwritten digits that come with this package. */
import { readFileSync } from "node:fs";
import { digestOf } from "../../io/disk/digest.ts";
import type { Dataset } from "./dataset.ts";
import { digitsOf, type DigitsSplit } from "./digitsOf.ts";

/** The same file, seen from src/ and from dist/. */
const FILE = new URL("../../../fixtures/digits/digits.safetensors", import.meta.url);

/**
 * One of the two splits.
 *
 * @throws RangeError unless `side` is a multiple of 8
 */
export function digits(split: DigitsSplit, side: number): Dataset {
  const file = readFileSync(FILE);
  return digitsOf(file, split, side, digestOf(`digits:${split} ${side} ${digestOf(file)}`));
}
