/** Padded crop, for small images instead of a resized crop (deit.md 7.6): a window of S×S pixels of the image with zeros around it. */
import { uniform53At, type Key } from "../../tensor/key.ts";
import type { Size } from "../pixels/pixels.ts";
import type { Rectangle } from "./draw.ts";
import { upTo } from "./rectangles.ts";

/**
 * Draws the window: each position in the image with `padding` zeros on each side is equally likely.
 *
 * @throws RangeError for an image that is smaller than S even with its padding
 */
export function drawPaddedCrop(key: Key, { width, height }: Size, S: number, padding: number): Rectangle {
  const [down, right] = [height + 2 * padding - S, width + 2 * padding - S];
  if (down < 0 || right < 0)
    throw new RangeError(`padded crop: an image of ${width}×${height} with padding ${padding} is smaller than ${S}×${S}`);
  return { top: upTo(uniform53At(key, 0), down) - padding, left: upTo(uniform53At(key, 1), right) - padding, h: S, w: S };
}
