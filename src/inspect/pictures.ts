/** Small pictures and sheets of them: numbers as colours, laid over the image that they are about. */
import type { Pixels } from "../data/images/pixels.ts";
import { cubehelix, warm, type Colour } from "./colours.ts";
import { brightness, type Doublings } from "./scale.ts";

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

/** Brightness of each pixel of a square of side `side` whose n × n patches get so many times the even share. */
function brightnessAt(times: Float64Array, side: number, d: Doublings): (x: number, y: number) => number {
  const n = Math.sqrt(times.length);
  const cell = (x: number): number => Math.floor((x * n) / side);
  return (x, y) => brightness(times[cell(y) * n + cell(x)] ?? 0, d);
}

/** n × n patches as squares. */
export function heatMap(times: Float64Array, side: number, d: Doublings): Pixels {
  const lambda = brightnessAt(times, side, d);
  return painted(side, side, (x, y) => cubehelix(lambda(x, y), warm));
}

/** How much brighter the picture is made: where the map is black, and from there to where it is white. */
const [DIMMED, LIT] = [0.2, 1];
/** How much of the map's colour lies over the picture. */
const TINT = 0.25;

/** The picture in the light of the map, dim where it is dark and bright where it is bright, and tinted by its colours. */
export function overlay(picture: Pixels, times: Float64Array, d: Doublings): Pixels {
  const lambda = brightnessAt(times, picture.width, d);
  return painted(picture.width, picture.height, (x, y) => {
    const own = lambda(x, y);
    const [below, above] = [colourOf(picture, x, y), cubehelix(own, warm)];
    const seen = (1 - TINT) * (DIMMED + LIT * own);
    const mixed = (i: 0 | 1 | 2): number => seen * below[i] + TINT * above[i];
    return [mixed(0), mixed(1), mixed(2)];
  });
}

/** Between the pictures of a sheet, in pixels. */
const GAP = 4;

/** Neither the black nor the white of a map; of full scale 255. */
const GREY = 136;

/** Equal pictures in rows and columns on grey. */
export function sheet(rows: readonly (readonly Pixels[])[]): Pixels {
  const { width = 0, height = 0 } = rows[0]?.[0] ?? {};
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const whole = { width: columns * (width + GAP) - GAP, height: rows.length * (height + GAP) - GAP };
  const data = new Uint8Array(CHANNELS * whole.width * whole.height).fill(GREY);
  for (const [i, row] of rows.entries())
    for (const [j, picture] of row.entries())
      for (let y = 0; y < height; y++) {
        const line = picture.data.subarray(CHANNELS * y * width, CHANNELS * (y + 1) * width);
        data.set(line, CHANNELS * ((i * (height + GAP) + y) * whole.width + j * (width + GAP)));
      }
  return { ...whole, data, channels: CHANNELS };
}
