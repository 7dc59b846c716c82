/** Cuts a rectangle out of an image. */
import type { Pixels, Region, Size } from "./pixels.ts";

/** Whether the rectangle is the whole image. */
export const isWhole = ({ left, top, width, height }: Region, size: Size): boolean =>
  left === 0 && top === 0 && width === size.width && height === size.height;

/** The pixels of a rectangle, [H, W, C] → [region.height, region.width, C]; zeros where it extends beyond the image. */
export function cut({ data, width, height, channels }: Pixels, region: Region): Pixels {
  const { left, top, width: w, height: h } = region;
  const out = new Uint8Array(h * w * channels);
  const [begin, end] = [Math.max(left, 0), Math.min(left + w, width)];
  if (begin < end)
    for (let y = Math.max(top, 0); y < Math.min(top + h, height); y++) {
      const row = data.subarray((y * width + begin) * channels, (y * width + end) * channels);
      out.set(row, ((y - top) * w + begin - left) * channels);
    }
  return { data: out, width: w, height: h, channels };
}
