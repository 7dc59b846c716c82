/** SHA-256 digests as text. */
import { createHash } from "node:crypto";
import type { ByteSource } from "./byteSource.ts";

/** SHA-256, in hexadecimal. */
export const digestOf = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Bytes that are read at a time. */
const PIECE = 2 ** 24;

/** SHA-256 of all bytes of a source. */
export function digestOfSource({ size, read }: ByteSource): string {
  const hash = createHash("sha256");
  for (let offset = 0; offset < size; offset += PIECE) hash.update(read(offset, Math.min(PIECE, size - offset)));
  return hash.digest("hex");
}

/** Passes pieces on; `digest` gives the SHA-256 of all that have passed. */
export function digested(pieces: AsyncIterable<Uint8Array>): {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly digest: () => string;
} {
  const hash = createHash("sha256");
  async function* passing(): AsyncGenerator<Uint8Array, void> {
    for await (const piece of pieces) {
      hash.update(piece);
      yield piece;
    }
  }
  return { pieces: passing(), digest: () => hash.digest("hex") };
}

/** JSON with sorted keys, so that the order in which they were set does not matter. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(",")}}`;
}

/** The digest of plain data: records, lists, texts, numbers. */
export const digestOfRecord = (value: unknown): string => digestOf(canonical(value));
