/**
 * Converts samples to RGB as Pillow's `convert("RGB")` does, which the data loaders of DeiT and timm call (deit.md 7.12): alpha is dropped,
 * not blended; grey is repeated; neither colour profile nor orientation is applied.
 *
 *   CMYK      n = 255 − K      R = n − C·n/255, and so on                     the quotient is rounded in integer arithmetic
 *   16 bits   the high byte; but grey without alpha is clipped at 255         Pillow keeps its 16 bits, and clips when it converts
 */
import type { Pixels } from "../pixels/pixels.ts";

/** The samples of an image file; alpha, if present, comes last. */
export interface Samples {
  /** [height, width, channels] row-major. */
  readonly data: Uint8Array | Uint16Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Samples a pixel, alpha included. */
  readonly channels: number;
  /** What the samples without alpha stand for. */
  readonly colour: "grey" | "rgb" | "cmyk";
  /** How 16-bit samples become 8-bit samples. */
  readonly wide: "high byte" | "cut off";
}

const FULL = 255;
const RGB = 3;

/** a·b/255, rounded half up, for bytes. */
function share(a: number, b: number): number {
  const t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/** The image as RGB; it shares the samples' bytes if they are RGB already. */
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
