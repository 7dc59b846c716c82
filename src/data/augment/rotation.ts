/**
 * A small rotation about the centre, with linear interpolation; zeros outside the image. It is this project's own augmentation of digits
 * (the paper rotates only within RandAugment, `geometry.ts`).
 *
 *   source     (y, x) = (cos φ · i − sin φ · j,  sin φ · i + cos φ · j)      of the pixel at (i, j), both from the centre; clockwise for φ > 0
 *   value      Σ (1 − |y − row|) (1 − |x − column|) · pixel                 over the four pixels around the source, rounded, halves up
 */
import { uniform53At, type Key } from "../../tensor/key.ts";
import { checkedPixels, type Pixels } from "../pixels/pixels.ts";
import { between } from "./rectangles.ts";

const DEGREE = Math.PI / 180;

/** Draws an angle uniform on ±`largest`, in degrees. */
export const drawRotation = (key: Key, largest: number): number => between(uniform53At(key, 0), [-largest, largest]);

/** The sample of a pixel; 0 outside the image. */
function sampleAt({ data, width, height, channels }: Pixels, y: number, x: number, c: number): number {
  return y >= 0 && y < height && x >= 0 && x < width ? (data[(y * width + x) * channels + c] ?? 0) : 0;
}

/** The value at a position between pixels. */
function interpolated(image: Pixels, row: number, column: number, c: number): number {
  const top = Math.floor(row);
  const left = Math.floor(column);
  const down = row - top;
  const right = column - left;
  const upper = (1 - right) * sampleAt(image, top, left, c) + right * sampleAt(image, top, left + 1, c);
  const lower = (1 - right) * sampleAt(image, top + 1, left, c) + right * sampleAt(image, top + 1, left + 1, c);
  return (1 - down) * upper + down * lower;
}

/** The image rotated by an angle in degrees, [H, W, C] → [H, W, C]. */
export function rotated(image: Pixels, degrees: number): Pixels {
  const { width, height, channels } = checkedPixels(image);
  const [sine, cosine] = [Math.sin(degrees * DEGREE), Math.cos(degrees * DEGREE)];
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  const out = new Uint8Array(height * width * channels);
  for (let row = 0, at = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const i = row - middleRow;
      const j = column - middleColumn;
      const y = middleRow + cosine * i - sine * j;
      const x = middleColumn + sine * i + cosine * j;
      for (let c = 0; c < channels; c++, at++) out[at] = Math.round(interpolated(image, y, x, c));
    }
  return { data: out, width, height, channels };
}
