/** Image files, in a folder or in archives, as a labelled set of photographs of any sizes. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { columnsOf, nameAt, type Columns, type ImageIndex } from "../index/imageIndex.ts";
import { openImage } from "../images/decode.ts";
import { ImageError } from "../images/imageError.ts";
import { checkedLength } from "../images/file.ts";
import type { Dataset } from "./dataset.ts";
import { keepingSmall } from "./keptImages.ts";
import { messageOf } from "./located.ts";
import { openFiles } from "./openFiles.ts";

/** Channels of a decoded image. */
const RGB = 3;

/** Where the bytes of the images come from. They are read at once, since the thread has nothing else to do: waiting for another thread takes longer. */
interface Bytes {
  readonly read: (i: number) => Uint8Array;
  readonly close: () => void;
  /** The folder, or the archive of image i. */
  readonly where: (i: number) => string;
}

function bytesOf({ origin }: ImageIndex, columns: Columns): Bytes {
  if (origin.kind === "folder") {
    const read = (i: number): Uint8Array => {
      const path = join(origin.root, nameAt(columns, i));
      checkedLength(statSync(path).size);
      return readFileSync(path);
    };
    return { read, close: () => undefined, where: () => origin.root };
  }
  const { begins, lengths, shards } = columns;
  const files = openFiles(origin.archives);
  return {
    read: (i) => files.read(shards[i] ?? 0, begins[i] ?? 0, checkedLength(lengths[i] ?? 0)),
    close: files.close,
    where: (i) => origin.archives[shards[i] ?? 0]?.path ?? "",
  };
}

/** The images of an index. Files are opened when an image is read, by this thread alone. */
export function photographs(index: ImageIndex): Dataset {
  const { text, classes, origin, count, digest } = index;
  const columns = columnsOf(origin.kind, count, index.columns);
  const { read, close, where } = bytesOf(index, columns);
  const nameOf = (i: number): string => `${where(i)}: ${nameAt(columns, i)}`;
  const named = async <T>(i: number, step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      throw new ImageError(`${nameOf(i)}: ${messageOf(error)}`, { cause: error });
    }
  };
  const { open, close: forget } = keepingSmall(async (i) => {
    const { decode, ...size } = await named(i, () => openImage(read(i)));
    return { ...size, decode: (part) => named(i, () => decode(part)) };
  });
  return {
    name: text,
    classes,
    channels: RGB,
    side: null,
    count,
    label: (i) => columns.labels[i] ?? 0,
    image: async (i) => (await open(i)).decode(),
    open,
    nameOf,
    handle: { kind: "photographs", index },
    digest,
    close: () => {
      forget();
      close();
    },
  };
}
