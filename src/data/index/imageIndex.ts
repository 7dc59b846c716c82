/**
 * The index of a set of image files: their names, labels and places. It is plain data in one SharedArrayBuffer, so that another thread opens
 * the same set without a copy, and so that 1.28 million images take about 80 MB.
 *
 *   begins  f64 [n]      of archives: an image's first byte, which may lie beyond 4 GiB
 *   lengths f64 [n]      of archives: its length in bytes
 *   shards  u32 [n]      of archives: which one it is in
 *   labels  u32 [n]      its class
 *   ends    u32 [n]      where its name ends in `names`; it begins where the name before it ends
 *   names   u8           paths inside the folder or the archive, in UTF-8
 */
import { createHash } from "node:crypto";
import type { Origin } from "./origin.ts";

/** The index of one set of images. */
export interface ImageIndex {
  /** The text by which the set is opened: `val.tar:train`. */
  readonly text: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Where the images are, and how to notice that they have changed. */
  readonly origin: Origin;
  /** Number of images, n. */
  readonly count: number;
  /** The columns, one after the other. */
  readonly columns: SharedArrayBuffer;
  /** SHA-256 of names, labels, places and class names; neither the set's own path nor any time is part of it. */
  readonly digest: string;
}

/** The columns of an index, as views of its memory. */
export interface Columns {
  readonly begins: Float64Array;
  readonly lengths: Float64Array;
  readonly shards: Uint32Array;
  readonly labels: Uint32Array;
  readonly ends: Uint32Array;
  readonly names: Uint8Array;
}

/** The kind of an index's origin: only images in archives have places. */
type Kind = Origin["kind"];

/** Bytes of an image's entry without its name. */
const fixedBytes = (kind: Kind): number => (kind === "archives" ? 2 * 8 + 3 * 4 : 2 * 4);

/** The bytes of the columns of `count` images whose names take `nameBytes` bytes. */
export const columnBytes = (kind: Kind, count: number, nameBytes: number): number => fixedBytes(kind) * count + nameBytes;

/** Views of the columns. `columns` has at least the bytes that `count` images take without their names. */
export function columnsOf(kind: Kind, count: number, columns: SharedArrayBuffer): Columns {
  const placed = kind === "archives" ? count : 0;
  let at = 0;
  const take = (bytes: number): number => {
    at += bytes;
    return at - bytes;
  };
  return {
    begins: new Float64Array(columns, take(8 * placed), placed),
    lengths: new Float64Array(columns, take(8 * placed), placed),
    shards: new Uint32Array(columns, take(4 * placed), placed),
    labels: new Uint32Array(columns, take(4 * count), count),
    ends: new Uint32Array(columns, take(4 * count), count),
    names: new Uint8Array(columns, at),
  };
}

/** The name of image i. */
export function nameAt({ ends, names }: Columns, i: number): string {
  const begin = i === 0 ? 0 : (ends[i - 1] ?? 0);
  const end = ends[i] ?? begin;
  return Buffer.from(names.buffer, names.byteOffset + begin, end - begin).toString("utf8");
}

/** The index of these columns, with its digest. */
export function indexOf({ text, classes, origin, count, columns }: Omit<ImageIndex, "digest">): ImageIndex {
  const hash = createHash("sha256")
    .update(JSON.stringify({ kind: origin.kind, count, classes }))
    .update(new Uint8Array(columns));
  return { text, classes, origin, count, columns, digest: hash.digest("hex") };
}
