/** A labelled set of square images on the host, however it is stored. */

/** Square images of one size, with their labels. */
export interface Dataset {
  /** The name that `openDataset` takes: `digits:test`. */
  readonly name: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** C */
  readonly channels: number;
  /** S, in pixels. */
  readonly side: number;
  /** Number of images. */
  readonly count: number;
  /** Image i, [C, S, S] row-major, with values in [0, 1]. A new array at each call. */
  readonly pixels: (i: number) => Float64Array;
  /** The class of image i. */
  readonly label: (i: number) => number;
}
