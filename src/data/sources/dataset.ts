/** A labelled set of images, however it is stored. Images are decoded when they are asked for. */
import type { ImageIndex } from "../index/imageIndex.ts";
import type { ImageFile } from "../images/imageFile.ts";
import type { Pixels } from "../pixels/pixels.ts";

/** The images and labels that a model expects. */
export interface DataShape {
  /** C */
  readonly channels: number;
  /** S, in pixels. */
  readonly side: number;
  /** K */
  readonly classes: number;
}

/** A labelled set of images. */
export interface Dataset {
  /** The text by which `openDataset` opens it: `digits:test`, `val.tar:train`. */
  readonly name: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** C */
  readonly channels: number;
  /** The side of all images, which are squares, in pixels; null: photographs of any size. */
  readonly side: number | null;
  /** Number of images. */
  readonly count: number;
  /** The class of image i. */
  readonly label: (i: number) => number;
  /**
   * Image i, [height, width, C], new at each call.
   *
   * @throws ImageError that names the image, if it cannot be read or decoded
   */
  readonly image: (i: number) => Pixels | Promise<Pixels>;
  /**
   * Image i before it is decoded: its size, and its pixels or a part of them when they are asked for.
   *
   * @throws ImageError that names the image, if it cannot be read
   */
  readonly open: (i: number) => ImageFile | Promise<ImageFile>;
  /** The name of image i in messages: `val.tar: n01440764/a.JPEG`, `digits:train: image 3`. */
  readonly nameOf: (i: number) => string;
  /** What another thread opens the same set from. */
  readonly handle: DatasetHandle;
  /** SHA-256 of what the set consists of: names, labels and places of image files, or the images themselves if they are in memory. */
  readonly digest: string;
  /** Closes the files that this thread has opened; no image can be read afterwards. */
  readonly close: () => void;
}

/** A set as plain data, from which `datasetFrom` opens it in any thread. Whatever is large is in shared memory. */
export type DatasetHandle =
  | { readonly kind: "named"; readonly text: string; readonly shape: DataShape }
  | ({ readonly kind: "records" } & RecordSet)
  | { readonly kind: "photographs"; readonly index: ImageIndex }
  | { readonly kind: "subset"; readonly samples: Uint32Array; readonly of: DatasetHandle }
  | { readonly kind: "channels"; readonly channels: number; readonly of: DatasetHandle };

/** CIFAR's binary images in memory, one record an image: its label bytes, then [3, 32, 32]. */
export interface RecordSet {
  readonly name: string;
  readonly classes: readonly string[];
  /** Label bytes of a record; the last of them is the class. */
  readonly labelBytes: number;
  /** All records, one after the other. */
  readonly records: SharedArrayBuffer;
  readonly digest: string;
}

/** The handle of the set that a subset or a set of other channels was made from. */
export function handleBehind(handle: DatasetHandle): Exclude<DatasetHandle, { readonly of: DatasetHandle }> {
  return handle.kind === "subset" || handle.kind === "channels" ? handleBehind(handle.of) : handle;
}
