/** A digest of a batch: equal digests mean bitwise identical batches. */
import { digestOf } from "../../io/disk/digest.ts";
import type { HostBatch } from "./batch.ts";

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** SHA-256 of a batch of bytes, in hexadecimal: shape, pixels, labels, rectangles and their noise, all that differs from batch to batch. */
export function digestOfBatch({ shape, pixels, labels, erased }: HostBatch): string {
  const numbers = Int32Array.from([...shape, ...labels, ...erased.flatMap(({ image, top, left, h, w }) => [image, top, left, h, w])]);
  const parts = [bytesOf(numbers), Uint8Array.from(pixels), ...erased.map(({ noise }) => bytesOf(noise))];
  return digestOf(parts.map(digestOf).join());
}
