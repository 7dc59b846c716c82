/**
 * Random augmentation of a training image (deit.md 7.6), drawn from a key: the same key gives the same view.
 *
 *   rotate   about the centre, by an angle uniform on ±`rotation`, with linear interpolation; zeros outside the image
 *   crop     for sides up to 32: zeros around the image, then a window of the image's size at a random position
 *   flip     left to right, with probability ½
 *
 * Each step of `augment` draws from a key of its own, so that adding a step changes none of the others.
 */
import { fold, uniform53At, type Key } from "../tensor/key.ts";

/** How training images are augmented. */
export interface Augmentation {
  /** Largest angle to either side, in degrees. */
  readonly rotation: number;
  /** Zeros on each side of the image before the crop, in pixels. */
  readonly padding: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
}

/** [C, S, S] row-major; full scale is 1. */
interface Image {
  readonly pixels: Float64Array;
  /** S */
  readonly side: number;
}

/** Where the view's pixel (row, column) comes from; a position outside the image is zero. */
type Source = (row: number, column: number) => readonly [row: number, column: number];

function moved({ pixels, side }: Image, source: Source): Image {
  const area = side ** 2;
  const from = Array.from({ length: area }, (_, at) => {
    const [row, column] = source(Math.floor(at / side), at % side);
    return row >= 0 && row < side && column >= 0 && column < side ? row * side + column : -1;
  });
  const view = pixels.map((_, at) => {
    const pixel = from[at % area] ?? -1;
    return pixel < 0 ? 0 : (pixels[at - (at % area) + pixel] ?? 0);
  });
  return { pixels: view, side };
}

const DEGREE = Math.PI / 180;

/** The value at a position between pixels, by linear interpolation, in the channel that begins at `start`. */
function interpolated({ pixels, side }: Image, start: number, row: number, column: number): number {
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - top, column - left];
  const at = (y: number, x: number): number => (y >= 0 && y < side && x >= 0 && x < side ? (pixels[start + y * side + x] ?? 0) : 0);
  const upper = (1 - right) * at(top, left) + right * at(top, left + 1);
  const lower = (1 - right) * at(top + 1, left) + right * at(top + 1, left + 1);
  return (1 - down) * upper + down * lower;
}

function rotate(image: Image, rotation: number, key: Key): Image {
  if (rotation === 0) return image;
  const { pixels, side } = image;
  const angle = (2 * uniform53At(key, 0) - 1) * rotation * DEGREE;
  const [sine, cosine, centre, area] = [Math.sin(angle), Math.cos(angle), (side - 1) / 2, side ** 2];
  const view = pixels.map((_, at) => {
    const pixel = at % area;
    const [y, x] = [Math.floor(pixel / side) - centre, (pixel % side) - centre];
    return interpolated(image, at - pixel, centre + cosine * y - sine * x, centre + sine * y + cosine * x);
  });
  return { pixels: view, side };
}

function crop(image: Image, padding: number, key: Key): Image {
  if (padding === 0) return image;
  const offset = (i: number): number => Math.floor(uniform53At(key, i) * (2 * padding + 1)) - padding;
  const [down, right] = [offset(0), offset(1)];
  return moved(image, (row, column) => [row + down, column + right]);
}

function flip(image: Image, key: Key): Image {
  if (uniform53At(key, 0) >= 0.5) return image;
  return moved(image, (row, column) => [row, image.side - 1 - column]);
}

/** Augments an image, [C, S, S] → [C, S, S], before normalisation. `key` depends on the run, the epoch and the sample. */
export function augment(image: Image, { rotation, padding, flip: mirrors }: Augmentation, key: Key): Float64Array {
  const rotated = rotate(image, rotation, fold(key, "rotate"));
  const cropped = crop(rotated, padding, fold(key, "crop"));
  const flipped = mirrors ? flip(cropped, fold(key, "flip")) : cropped;
  return flipped.pixels;
}
