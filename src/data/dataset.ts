/** A labelled set of square images on the host, whatever it is stored in. */

export interface Dataset {
  /** As `openDataset` takes it: `digits:test`. */
  readonly name: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** C */
  readonly channels: number;
  /** S, in pixels. */
  readonly side: number;
  /** Number of images. */
  readonly count: number;
  /** Image i, [C, S, S] row-major; full scale is 1. A new array at each call. */
  readonly pixels: (i: number) => Float64Array;
  /** Class of image i. */
  readonly label: (i: number) => number;
}
