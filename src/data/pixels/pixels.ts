/** Images of 8-bit samples. */

/** An image of 8-bit samples. */
export interface Pixels {
  /** [height, width, channels] row-major; full scale is 255. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Samples a pixel: 1 for grey, 3 for RGB. */
  readonly channels: number;
}

/** The size of an image, in pixels. */
export type Size = Pick<Pixels, "width" | "height">;

/** A rectangle of an image, which need not have been computed. */
export interface Region extends Size {
  /** The first column, in pixels from the left edge. */
  readonly left: number;
  /** The first row, in pixels from the top edge. */
  readonly top: number;
}

/** Whether all pixels of the rectangle, which has at least one, lie in an image of this size. */
export const isInside = ({ left, top, width, height }: Region, size: Size): boolean =>
  left >= 0 && top >= 0 && width > 0 && height > 0 && left + width <= size.width && top + height <= size.height;

/**
 * Returns the image.
 *
 * @throws RangeError if its data does not have the length that its size requires
 */
export function checkedPixels(image: Pixels): Pixels {
  const { data, width, height, channels } = image;
  const whole = [width, height, channels].every((n) => Number.isInteger(n) && n > 0);
  if (!whole || data.length !== width * height * channels)
    throw new RangeError(
      `pixels: ${width}×${height} of ${channels} channels must be ${width * height * channels} numbers, got ${data.length}`,
    );
  return image;
}
