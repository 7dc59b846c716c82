/** Paints small pictures and sheets of them: maps as colours, alone or over the image that they belong to. */
import type { Pixels } from "../data/pixels/pixels.ts";
import { cubehelix, warm, type Colour } from "./colours.ts";
import { brightness, type Doublings } from "./scale.ts";

const CHANNELS = 3;
const FULL = 255;

const byte = (x: number): number => Math.round(FULL * Math.min(1, Math.max(0, x)));

/** A picture from a function that gives the colour of each pixel. */
export function painted(width: number, height: number, colourAt: (x: number, y: number) => Colour): Pixels {
  const data = new Uint8Array(CHANNELS * width * height);
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at += CHANNELS) data.set(colourAt(x, y).map(byte), at);
  return { width, height, data, channels: CHANNELS };
}

/** A square image [C, S, S] of full scale 1 as a picture: in colour if it has three channels, else its first channel in grey. */
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

/** The range of old pixels, out of `from`, that new pixel i, out of `to`, covers; at least one. */
function covered(i: number, from: number, to: number): readonly [begin: number, end: number] {
  const begin = Math.floor((i * from) / to);
  return [begin, Math.max(begin + 1, Math.floor(((i + 1) * from) / to))];
}

/** The picture in another size: each new pixel is the mean of the old pixels that it covers. */
export const resized = (picture: Pixels, width: number, height: number): Pixels =>
  painted(width, height, (x, y) => {
    const [left, right] = covered(x, picture.width, width);
    const [top, bottom] = covered(y, picture.height, height);
    let [red, green, blue] = [0, 0, 0];
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const [r, g, b] = colourOf(picture, column, row);
        [red, green, blue] = [red + r, green + g, blue + b];
      }
    const count = (right - left) * (bottom - top);
    return [red / count, green / count, blue / count];
  });

/** A function that gives the brightness of each pixel of a square, whose n × n patches get `times` the even share. */
function brightnessAt(times: Float64Array, side: number, d: Doublings): (x: number, y: number) => number {
  const n = Math.sqrt(times.length);
  const cell = (x: number): number => Math.floor((x * n) / side);
  return (x, y) => brightness(times[cell(y) * n + cell(x)] ?? 0, d);
}

/** A map of n × n patches, as squares of its colours. */
export function heatMap(times: Float64Array, side: number, d: Doublings): Pixels {
  const lambda = brightnessAt(times, side, d);
  return painted(side, side, (x, y) => cubehelix(lambda(x, y), warm));
}

/** The factor for the picture's brightness where the map is black, and what is added to it where the map is white. */
const [DIMMED, LIT] = [0.2, 1];
/** The share of the map's colour in the result. */
const TINT = 0.25;

/** The picture, dim where the map is dark and bright where the map is bright, tinted with the colours of the map. */
export function overlay(picture: Pixels, times: Float64Array, d: Doublings): Pixels {
  const lambda = brightnessAt(times, picture.width, d);
  return painted(picture.width, picture.height, (x, y) => {
    const own = lambda(x, y);
    const [below, above] = [colourOf(picture, x, y), cubehelix(own, warm)];
    const light = (1 - TINT) * (DIMMED + LIT * own);
    const mixed = (i: 0 | 1 | 2): number => light * below[i] + TINT * above[i];
    return [mixed(0), mixed(1), mixed(2)];
  });
}

/** The gap between the pictures of a sheet, in pixels. */
const GAP = 4;

/** The grey between pictures, of full scale 255: neither the black nor the white of a map. */
const GREY = 136;

/** Pictures of equal size in rows and columns on grey. */
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
