/** Small pictures and sheets of them: numbers as colours, laid over the image that they are about. */
import type { Pixels } from "../data/images/pixels.ts";
import { cubehelix, type Colour } from "./colours.ts";

const CHANNELS = 3;
const FULL = 255;

const byte = (x: number): number => Math.round(FULL * Math.min(1, Math.max(0, x)));

/** A picture whose pixels are computed. */
export function painted(width: number, height: number, colourAt: (x: number, y: number) => Colour): Pixels {
  const data = new Uint8Array(CHANNELS * width * height);
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at += CHANNELS) data.set(colourAt(x, y).map(byte), at);
  return { width, height, data, channels: CHANNELS };
}

/** A square image [C, S, S] of full scale 1: coloured if it has three channels, else its first one in grey. */
export function pictureOf(pixels: Float64Array, side: number): Pixels {
  const area = side ** 2;
  const [green, blue] = pixels.length === CHANNELS * area ? [area, 2 * area] : [0, 0];
  const value = (at: number): number => pixels[at] ?? 0;
  return painted(side, side, (x, y) => {
    const at = y * side + x;
    return [value(at), value(green + at), value(blue + at)];
  });
}

const colourOf = ({ data, width }: Pixels, x: number, y: number): Colour => {
  const at = CHANNELS * (y * width + x);
  return [(data[at] ?? 0) / FULL, (data[at + 1] ?? 0) / FULL, (data[at + 2] ?? 0) / FULL];
};

/** Old pixels under new pixel i of `to`, where there were `from`: one at least. */
function under(i: number, from: number, to: number): readonly [begin: number, end: number] {
  const begin = Math.floor((i * from) / to);
  return [begin, Math.max(begin + 1, Math.floor(((i + 1) * from) / to))];
}

/** The picture in another size: a pixel is the mean of those under it, or a copy of the one under it. */
export const resized = (picture: Pixels, width: number, height: number): Pixels =>
  painted(width, height, (x, y) => {
    const [left, right] = under(x, picture.width, width);
    const [top, bottom] = under(y, picture.height, height);
    let [red, green, blue] = [0, 0, 0];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const [r, g, b] = colourOf(picture, column, row);
        [red, green, blue] = [red + r, green + g, blue + b];
      }
    const count = (right - left) * (bottom - top);
    return [red / count, green / count, blue / count];
  });

/** What each pixel of a square of side `side` has of n × n patches, as a share of the largest. */
function shareAt(patches: Float64Array, side: number): (x: number, y: number) => number {
  const n = Math.sqrt(patches.length);
  const most = patches.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  const cell = (x: number): number => Math.floor((x * n) / side);
  return (x, y) => (patches[cell(y) * n + cell(x)] ?? 0) / most;
}

/** n × n patches as squares, from black for 0 to white for the largest. */
export function heatMap(patches: Float64Array, side: number): Pixels {
  const share = shareAt(patches, side);
  return painted(side, side, (x, y) => cubehelix(share(x, y)));
}

/** How much of the map is laid over the picture. */
const OPACITY = 0.6;

/** The same over a square picture. */
export function overlay(picture: Pixels, patches: Float64Array): Pixels {
  const share = shareAt(patches, picture.width);
  return painted(picture.width, picture.height, (x, y) => {
    const [below, above] = [colourOf(picture, x, y), cubehelix(share(x, y))];
    const mixed = (i: 0 | 1 | 2): number => below[i] + OPACITY * (above[i] - below[i]);
    return [mixed(0), mixed(1), mixed(2)];
  });
}

/** Between the pictures of a sheet, in pixels. */
const GAP = 4;

/** Equal pictures in rows and columns on white. */
export function sheet(rows: readonly (readonly Pixels[])[]): Pixels {
  const { width = 0, height = 0 } = rows[0]?.[0] ?? {};
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const whole = { width: columns * (width + GAP) - GAP, height: rows.length * (height + GAP) - GAP };
  const data = new Uint8Array(CHANNELS * whole.width * whole.height).fill(FULL);
  for (const [i, row] of rows.entries())
    for (const [j, picture] of row.entries())
      for (let y = 0; y < height; y++) {
        const line = picture.data.subarray(CHANNELS * y * width, CHANNELS * (y + 1) * width);
        data.set(line, CHANNELS * ((i * (height + GAP) + y) * whole.width + j * (width + GAP)));
      }
  return { ...whole, data, channels: CHANNELS };
}
