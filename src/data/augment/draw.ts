/** What was drawn for one view of a training image. It can be printed, stored and applied again. */

/** A rectangle of an image, in pixels. */
export interface Rectangle {
  /** The first row, from the upper edge. */
  readonly top: number;
  /** The first column, from the left edge. */
  readonly left: number;
  /** The number of rows. */
  readonly h: number;
  /** The number of columns. */
  readonly w: number;
}

/** One operation on the colours or the geometry of an image. */
export interface OperationDraw {
  /** timm's name: `Rotate`, `PosterizeIncreasing`, … */
  readonly op: string;
  /** M, from 0 to 10. */
  readonly magnitude: number;
  /** 0 for operations without a sign. */
  readonly sign: 1 | -1 | 0;
  /** Whether it is applied, or skipped. */
  readonly applied: boolean;
}

/** The draws of one view, in the order in which they are applied. */
export interface ViewDraw {
  /** In degrees; absent: the image is not rotated. */
  readonly rotation?: number;
  /** The part of the image that is resized to S×S. A padded crop may extend beyond the image, where it is zero. */
  readonly crop: Rectangle;
  /** Whether the view is mirrored. */
  readonly flip: boolean;
  readonly ops: readonly OperationDraw[];
  /** The rectangle of the S×S view that is filled with noise; null: none. */
  readonly erasing: Rectangle | null;
}
