/** Collects the images of a set one by one, into columns that grow, and packs them into the columns of an index. */
import { columnBytes, columnsOf } from "./imageIndex.ts";
import type { Origin } from "./origin.ts";

/** Where the bytes of an image are. */
export interface Place {
  /** Which of the archives. */
  readonly shard: number;
  /** Its first byte in the archive. */
  readonly begin: number;
  /** In bytes. */
  readonly length: number;
}

/** The images of an index: how many, and its columns. */
export interface Packed {
  readonly count: number;
  readonly columns: SharedArrayBuffer;
}

/** Collects images. */
export interface IndexBuilder {
  /** Adds an image; `tag`, an integer from 0, stands for its class until the labels are known. */
  readonly add: (name: string, tag: number, place: Place) => void;
  /**
   * The images whose tag has a label, in the order in which they were added; those with the label null are left out.
   *
   * @throws RangeError if the names take more than 4 GiB
   */
  readonly pack: (labelOf: (tag: number) => number | null) => Packed;
}

/** Entries that there is room for at first. */
const FIRST = 1024;
/** The most bytes of UTF-8 of one UTF-16 unit. */
const MOST_UTF8 = 3;
const MOST_NAME_BYTES = 2 ** 32 - 1;

interface Growing<A> {
  /** The array, with room for `length` elements. */
  readonly upTo: (length: number) => A;
}

/** An array that is replaced by one of twice its size, with the same content, when it becomes too small. */
function growing<A extends Float64Array | Uint32Array | Uint8Array>(make: (length: number) => A): Growing<A> {
  let array = make(FIRST);
  return {
    upTo: (length) => {
      if (length > array.length) {
        const larger = make(Math.max(length, 2 * array.length));
        larger.set(array);
        array = larger;
      }
      return array;
    },
  };
}

/** An empty collection. The places of images in a folder are ignored. */
export function indexBuilder(kind: Origin["kind"]): IndexBuilder {
  const f64 = (): Growing<Float64Array> => growing((n) => new Float64Array(n));
  const u32 = (): Growing<Uint32Array> => growing((n) => new Uint32Array(n));
  const [begins, lengths, shards, tags, ends] = [f64(), f64(), u32(), u32(), f64()];
  const names = growing((n) => new Uint8Array(n));
  const encoder = new TextEncoder();
  let [count, nameBytes] = [0, 0];

  const add = (name: string, tag: number, { shard, begin, length }: Place): void => {
    const room = names.upTo(nameBytes + MOST_UTF8 * name.length).subarray(nameBytes);
    nameBytes += encoder.encodeInto(name, room).written;
    const i = count++;
    ends.upTo(count)[i] = nameBytes;
    tags.upTo(count)[i] = tag;
    if (kind === "folder") return;
    begins.upTo(count)[i] = begin;
    lengths.upTo(count)[i] = length;
    shards.upTo(count)[i] = shard;
  };

  const pack = (labelOf: (tag: number) => number | null): Packed => {
    const [oldTags, oldEnds, oldNames] = [tags.upTo(count), ends.upTo(count), names.upTo(nameBytes)];
    const [oldBegins, oldLengths, oldShards] = [begins.upTo(0), lengths.upTo(0), shards.upTo(0)];
    const nameBegin = (i: number): number => (i === 0 ? 0 : (oldEnds[i - 1] ?? 0));
    let [kept, keptBytes] = [0, 0];
    for (let i = 0; i < count; i++)
      if (labelOf(oldTags[i] ?? 0) !== null) {
        kept++;
        keptBytes += (oldEnds[i] ?? 0) - nameBegin(i);
      }
    if (keptBytes > MOST_NAME_BYTES) throw new RangeError(`the names of the images may take ${MOST_NAME_BYTES} bytes, got ${keptBytes}`);
    const columns = new SharedArrayBuffer(columnBytes(kind, kept, keptBytes));
    const to = columnsOf(kind, kept, columns);
    for (let i = 0, j = 0, end = 0; i < count; i++) {
      const label = labelOf(oldTags[i] ?? 0);
      if (label === null) continue;
      const name = oldNames.subarray(nameBegin(i), oldEnds[i] ?? 0);
      to.names.set(name, end);
      end += name.length;
      to.ends[j] = end;
      to.labels[j] = label;
      to.begins[j] = oldBegins[i] ?? 0; // an element beyond an array's end, as of every image of a folder, is not stored
      to.lengths[j] = oldLengths[i] ?? 0;
      to.shards[j] = oldShards[i] ?? 0;
      j++;
    }
    return { count: kept, columns };
  };
  return { add, pack };
}
