/** The images of fixtures/preprocess, and Pillow's results for them. */
import { createHash } from "node:crypto";
import { bytesOf, textOf } from "../../helpers/fixtures.ts";
import { numbersOf, parseSafetensors } from "../../../src/io/safetensors/safetensors.ts";
import type { Convention } from "../../../src/data/images/preprocess.ts";
import type { Normalisation } from "../../../src/data/normalise.ts";

interface Described extends Normalisation {
  readonly sources: readonly { readonly name: string; readonly width: number; readonly height: number; readonly decoded: string }[];
  readonly cases: readonly {
    readonly source: string;
    readonly size: number;
    readonly convention: Convention;
    readonly cropped: string;
    readonly normalised: string;
  }[];
}

export const described: Described = JSON.parse(textOf("preprocess/preprocess.json"));

export const sourceOf = (name: string): Uint8Array => bytesOf(`preprocess/source/${name}`);

const { tensors } = parseSafetensors(bytesOf("preprocess/preprocess.safetensors"));

/** SHA-256 of an array's bytes. */
export const digestOf = (array: Uint8Array | Float32Array): string =>
  createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex");

/** The first difference of two arrays; null if there is none, or if the fixture has the digest only. */
export function firstDifference(name: string, array: Uint8Array | Float32Array): string | null {
  const stored = tensors.get(name);
  if (stored === undefined) return null;
  const expected = numbersOf(stored);
  const at = expected.findIndex((value, i) => value !== array[i]);
  return at < 0 ? null : `${name} at ${at}: must be ${expected[at]}, got ${array[at]}`;
}
