/**
 * A tar header (POSIX.1-2017, pax): 512 bytes of text fields.
 *
 *   0 name 100   124 size 12   148 checksum 8   156 type 1   157 link 100   257 "ustar" 6   345 prefix 155
 *
 * Numbers are octal, or, as GNU writes them, binary with the first bit set. The checksum is the sum of all bytes, with spaces for its own field.
 */
import type { Refuse } from "../formatError.ts";

/** A tar file consists of blocks of this many bytes. */
export const BLOCK = 512;

/** The fields of a header. */
export interface TarHeader {
  readonly name: string;
  /** The length of the member, in bytes. */
  readonly length: number;
  /** One character: `0` a file, `5` a folder … */
  readonly type: string;
  /** What a link points to. */
  readonly link: string;
}

const CHECKSUM = { begin: 148, end: 156 };
const SIZE = { begin: 124, end: 136 };
const BINARY = 0x80;
const SPACE = 0x20;

const decoder = new TextDecoder(); // one for all: an archive may have millions of headers

/** The text up to the first zero. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Parses a number; null: it is not a number. */
function numberOf(field: Uint8Array): number | null {
  const [first = 0] = field;
  if ((first & BINARY) !== 0) {
    const rest = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & (BINARY - 1));
    return Number.isSafeInteger(rest) ? rest : null;
  }
  const text = textOf(field).trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || "0", 8) : null;
}

/** Whether a block ends the archive. */
export const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** The sum that a header must state. */
function checksumOf(block: Uint8Array): number {
  let sum = (CHECKSUM.end - CHECKSUM.begin) * SPACE;
  for (let i = 0; i < block.length; i++) if (i < CHECKSUM.begin || i >= CHECKSUM.end) sum += block[i] ?? 0;
  return sum;
}

/**
 * Reads the header in a block, which begins at byte `at` of the file.
 *
 * @throws what `refuse` makes
 */
export function headerOf(block: Uint8Array, at: number, refuse: Refuse): TarHeader {
  const sum = checksumOf(block);
  const stored = numberOf(block.subarray(CHECKSUM.begin, CHECKSUM.end));
  if (stored !== sum) throw refuse(at + CHECKSUM.begin, `the checksum of a header must be ${sum}, got ${stored ?? "no octal number"}`);
  const length = numberOf(block.subarray(SIZE.begin, SIZE.end));
  if (length === null) throw refuse(at + SIZE.begin, "the size must be an octal number");
  const posix = textOf(block.subarray(257, 265)).startsWith("ustar") && block[262] === 0; // GNU has a space here, and no prefix
  const prefix = posix ? textOf(block.subarray(345, 500)) : "";
  const name = textOf(block.subarray(0, 100));
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    length,
    type: String.fromCharCode(block[156] || 0x30), // 0: a file in archives from before POSIX
    link: textOf(block.subarray(157, 257)),
  };
}
