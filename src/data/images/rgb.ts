/**
 * To RGB as Pillow's `convert("RGB")` goes there, which is what the loaders of DeiT and timm call (deit.md 7.12): alpha is dropped, not
 * blended; grey is repeated; no colour profile is applied, no orientation.
 *
 *   CMYK      n = 255 − K      R = n − C·n/255, and so on                     the product divided by 255 and rounded in whole numbers
 *   16 bits   the high byte; but grey without alpha is cut off at 255         Pillow keeps its 16 bits, and cuts when it converts
 */
import type { Pixels } from "./pixels.ts";

/** Samples as a file has them; alpha, if there is any, comes last. */
export interface Samples {
  /** [height, width, channels] row-major. */
  readonly data: Uint8Array | Uint16Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Samples of a pixel, alpha included. */
  readonly channels: number;
  /** What the samples but alpha stand for. */
  readonly colour: "grey" | "rgb" | "cmyk";
  /** What becomes of 16 bits. */
  readonly wide: "high byte" | "cut off";
}

const FULL = 255;
const RGB = 3;

/** a·b/255, rounded half up, for bytes. */
function share(a: number, b: number): number {
  const t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/** Each pixel's three bytes; those of the samples themselves where that is what they are. */
export function rgbOf({ data, width, height, channels, colour, wide }: Samples): Pixels {
  if (colour === "rgb" && channels === RGB && data instanceof Uint8Array) return { data, width, height, channels };
  const narrow = !(data instanceof Uint16Array)
    ? (v: number) => v
    : wide === "cut off"
      ? (v: number) => Math.min(v, FULL)
      : (v: number) => v >> 8;
  const at = (i: number): number => narrow(data[i] ?? 0);
  const out = new Uint8Array(width * height * RGB);
  for (let to = 0, from = 0; to < out.length; from += channels)
    for (let c = 0; c < RGB; c++, to++) {
      if (colour === "cmyk") {
        const n = FULL - at(from + RGB);
        out[to] = n - share(at(from + c), n);
      } else out[to] = at(from + (colour === "grey" ? 0 : c));
    }
  return { data: out, width, height, channels: RGB };
}
