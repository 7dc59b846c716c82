/** Numbers from the host: a few words, copied from the buffer of staged uploads to a tensor; and bytes, such as those of images, widened to f32. */
import type { Dispatch } from "../program.ts";
import { elementDispatch, elementProgram } from "./perElement.ts";

/** Larger uploads are written by the queue instead. */
export const FEW_BYTES: number = 2 ** 16;

const uploadProgram = elementProgram({
  name: "upload",
  tensors: { out: "u32", staged: "u32" },
  params: { start: "u32" },
  main: (i) => `  store_out(${i}, load_staged(p.start + ${i}));`,
});

const widenProgram = elementProgram({
  name: "widen",
  tensors: { out: "f32x4", bytes: "u32" },
  params: {},
  main: (i) => `  store4_out(${i}, vec4f((vec4u(load_bytes(${i})) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u)));`,
});

/** Bytes, four a word, the first in the lowest bits. The last store may reach up to three numbers too far: the memory has room for them. */
export const widenDispatch = (words: number): Dispatch => elementDispatch(widenProgram, words);

/** The bytes, and zeros up to a whole number of words; a copy where the queue could not read them otherwise. */
export function inWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteLength % 4 === 0) return new Uint8Array(buffer, byteOffset, byteLength);
  const words = new Uint8Array(4 * Math.ceil(byteLength / 4));
  words.set(bytes);
  return words;
}

/** @param start index of the first word in the staged uploads */
export const uploadDispatch = (n: number, start: number): Dispatch => elementDispatch(uploadProgram, n, [start]);
