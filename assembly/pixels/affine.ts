/**
 * Pillow's affine transform with its bicubic filter (src/data/pixels/affine.ts).
 *
 * What counts is the integer part of a sum in f64, which an estimate in f32 (estimate.ts) mostly shows; only where that leaves doubt, and at the
 * border, is a pixel of an RGB image computed as the definition says (exact.ts).
 */
import { estimateRun } from "./estimate";
import { exactGrey, exactRgb } from "./exact";

const CHANNELS: i32 = 3;
/** How far inside the border a position must be for all pixels around it to be in the image; a little farther. */
const INNER: f64 = 1.5 + 1.0 / 1024;
/** Pixels after which the position is computed anew, so that it is not wrong by more than 2⁻²². */
const RUN: i32 = 1024;
/** Pixels that the search for the end of what is inside skips at a time. */
const STEP: i32 = 8;

/** A number in units of 2⁻³², rounded; what is above a billion is cut off; 0 for NaN. */
@inline
function fixed(x: f64): i64 {
  return x == x ? <i64>nearest(min(max(x, -1e9), 1e9) * 4294967296) : 0;
}

@inline
function isInside(u: f64, v: f64, border: f64, width: i32, height: i32): bool {
  return u >= border && u < <f64>width - border && v >= border && v < <f64>height - border;
}

/** The end of the pixels of a row whose positions are inside, found from the right, several pixels at a time; at times it is missed, and is 0. */
@inline
function endOfInner(width: i32, height: i32, a: f64, by: f64, c: f64, d: f64, ey: f64, f: f64): i32 {
  let end = width;
  for (; end > 0; end -= STEP) {
    const x = <f64>end - 0.5;
    if (isInside(a * x + by + c, d * x + ey + f, INNER, width, height)) break;
  }
  end = max(end, 0);
  for (; end < width; end++) {
    const x = <f64>end + 0.5;
    if (!isInside(a * x + by + c, d * x + ey + f, INNER, width, height)) break;
  }
  return end;
}

function transformRgb(out: usize, image: usize, room: usize, colour: i32, width: i32, height: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64): void {
  const row = CHANNELS * width, du = fixed(a), dv = fixed(d);
  for (let y = 0; y < height; y++) {
    const by = b * (<f64>y + 0.5), ey = e * (<f64>y + 0.5);
    const end = endOfInner(width, height, a, by, c, d, ey, f);
    for (let x = 0; x < width; ) {
      const u = a * (<f64>x + 0.5) + by + c, v = d * (<f64>x + 0.5) + ey + f;
      if (x < end && isInside(u, v, INNER, width, height)) {
        const done = estimateRun(out, image, row, fixed(u - 1.5), fixed(v - 1.5), du, dv, min(end - x, RUN));
        x += done, out += CHANNELS * done;
        if (x >= end || done == RUN) continue;
      }
      const s = a * (<f64>x + 0.5) + by + c, t = d * (<f64>x + 0.5) + ey + f;
      store<i32>(out, isInside(s, t, 0, width, height) ? exactRgb(image, room, width, height, s, t) : colour);
      x++, out += CHANNELS;
    }
  }
}

function transformGrey(out: usize, image: usize, room: usize, colour: i32, width: i32, height: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64): void {
  for (let y = 0; y < height; y++) {
    const by = b * (<f64>y + 0.5), ey = e * (<f64>y + 0.5);
    for (let x = 0; x < width; x++, out++) {
      const u = a * (<f64>x + 0.5) + by + c, v = d * (<f64>x + 0.5) + ey + f;
      store<u8>(out, isInside(u, v, 0, width, height) ? exactGrey(image, room, width, height, u, v) : colour);
    }
  }
}

/**
 * The transformed image of 1 or 3 channels. `room` has space for 128 bytes; `fill` points to the pixel that surrounds the image.
 */
export function affine(out: usize, image: usize, room: usize, fill: usize, width: i32, height: i32, channels: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64): void {
  const colour = load<i32>(fill);
  if (channels == CHANNELS) transformRgb(out, image, room, colour, width, height, a, b, c, d, e, f);
  else transformGrey(out, image, room, colour, width, height, a, b, c, d, e, f);
}
