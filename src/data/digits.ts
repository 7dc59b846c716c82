/** The handwritten digits that come with this package. */
import { readFileSync } from "node:fs";
import type { Dataset } from "./dataset.ts";
import { digitsOf, type Split } from "./digitsOf.ts";

/** The same file, seen from src/ and from dist/. */
const FILE = new URL("../../fixtures/digits/digits.safetensors", import.meta.url);

/**
 * One of the two splits.
 *
 * @throws RangeError unless `side` is a multiple of 8
 */
export const digits = (split: Split, side: number): Dataset => digitsOf(readFileSync(FILE), split, side);
