/** Images as rows of pixels of 8 bits. */

export interface Pixels {
  /** [height, width, channels] row-major, of full scale 255. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Samples of a pixel: 1 grey, 3 RGB. */
  readonly channels: number;
}

/** In pixels. */
export type Size = Pick<Pixels, "width" | "height">;

/** A part of an image; it may be of an image that nobody has made. */
export interface Region extends Size {
  /** Columns of the image to the left of it, in pixels. */
  readonly left: number;
  /** Rows of the image above it, in pixels. */
  readonly top: number;
}

/**
 * The same image, if it has as many numbers as it says.
 *
 * @throws RangeError
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
