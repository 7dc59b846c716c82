/**
 * The records of TensorBoard's files (TFRecord): a length of 8 bytes, its checksum of 4, the data, their checksum; all little-endian. The checksums
 * are CRC-32C, turned by 15 bits and shifted by a constant, since a file may itself hold checksums.
 */
import { crc32c } from "../crc32.ts";

const SHIFT = 0xa282ead8;
const TURN = 15;
const BITS = 32;

/** The checksum of some bytes as the records hold it. */
export function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> TURN) | (crc << (BITS - TURN))) + SHIFT) >>> 0;
}

/** Bytes of the length and its checksum, and of the data's checksum. */
const [HEAD, LENGTH, TAIL] = [12, 8, 4];

/** The record of some data. */
export function recordOf(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + data.length + TAIL);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(LENGTH, maskedChecksum(bytes.subarray(0, LENGTH)), true);
  bytes.set(data, HEAD);
  view.setUint32(HEAD + data.length, maskedChecksum(data), true);
  return bytes;
}
