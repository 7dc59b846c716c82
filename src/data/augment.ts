/**
 * A random view of a training image (deit.md 7.6), drawn from a key: the same key gives the same view.
 *
 *   rotate   about the centre, by an angle uniform on ±`rotation`, between pixels linearly; outside the image is zero
 *   crop     at sides up to 32: zeros around the image, then a window of its own size, anywhere
 *   flip     left and right exchanged, with probability ½
 *
 * Each step of `augment` draws from a key of its own name, so that one more between them changes none of the others.
 */
import { fold, uniform53At, type Key } from "../tensor/key.ts";

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

/** Moves a pixel's place: where the view's (row, column) is in the image; outside of it is zero. */
type Source = (row: number, column: number) => readonly [row: number, column: number];

function moved({ pixels, side }: Image, source: Source): Image {
  const area = side ** 2;
  const from = Array.from({ length: area }, (_, at) => {
    const [row, column] = source(Math.floor(at / side), at % side);
    return row >= 0 && row < side && column >= 0 && column < side ? row * side + column : -1;
  });
  const view = pixels.map((_, at) => {
    const place = from[at % area] ?? -1;
    return place < 0 ? 0 : (pixels[at - (at % area) + place] ?? 0);
  });
  return { pixels: view, side };
}

const DEGREE = Math.PI / 180;

/** The value at a place between the pixels of one channel, which begins at `start`. */
function between({ pixels, side }: Image, start: number, row: number, column: number): number {
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
    const place = at % area;
    const [y, x] = [Math.floor(place / side) - centre, (place % side) - centre];
    return between(image, at - place, centre + cosine * y - sine * x, centre + sine * y + cosine * x);
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

/** The view of an image, [C, S, S] → [C, S, S], before normalisation; `key` is of the run, the epoch and the sample. */
export function augment(image: Image, { rotation, padding, flip: mirrors }: Augmentation, key: Key): Float64Array {
  const rotated = rotate(image, rotation, fold(key, "rotate"));
  const cropped = crop(rotated, padding, fold(key, "crop"));
  const flipped = mirrors ? flip(cropped, fold(key, "flip")) : cropped;
  return flipped.pixels;
}
