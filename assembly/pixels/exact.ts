/**
 * One pixel of Pillow's affine transform with its bicubic filter (src/data/pixels/affine.ts), in f64 with the operations in the definition's
 * order. The channels of a pixel are lanes: red and green in one vector, blue in another.
 *
 * A sum of integers is exact in any order, so the coefficients of the first cubics are computed in integers.
 */

/** Pixels that the cubic runs through, along each axis. */
const TAPS: i32 = 4;
/** Bytes that are read of four pixels, and beyond. */
const READ: usize = 32;

/** The sum p₁ + t (p₂ + t (p₃ − t q)), q = −p₄, of two lanes of integers. */
@inline
function horner(p1: v128, p2: v128, p3: v128, q: v128, t: v128): v128 {
  const inner = f64x2.sub(f64x2.convert_low_i32x4_s(p3), f64x2.mul(t, f64x2.convert_low_i32x4_s(q)));
  const middle = f64x2.add(f64x2.convert_low_i32x4_s(p2), f64x2.mul(t, inner));
  return f64x2.add(f64x2.convert_low_i32x4_s(p1), f64x2.mul(t, middle));
}

/** Coefficient 1, 2 or 3 of the cubic through four neighbouring pixels, or q (0): 32-bit integers, a channel a lane. They fit in 16 bits. */
@inline
function coefficient(k: i32, four: usize, channels: i32): v128 {
  const v1 = v128.load8x8_u(four + channels);
  if (k == 1) return i32x4.extend_low_i16x8_u(v1);
  const v0 = v128.load8x8_u(four), v2 = v128.load8x8_u(four + 2 * channels);
  if (k == 2) return i32x4.extend_low_i16x8_s(i16x8.sub(v2, v0));
  const d = i16x8.sub(v0, v1), q = i16x8.add(d, i16x8.sub(v2, v128.load8x8_u(four + 3 * channels)));
  return i32x4.extend_low_i16x8_s(k == 3 ? i16x8.add(d, q) : q);
}

/** The cubic through four neighbours of a row, for the first two channels. */
@inline
function along(four: usize, t: v128, channels: i32): v128 {
  const p1 = coefficient(1, four, channels), p2 = coefficient(2, four, channels), p3 = coefficient(3, four, channels);
  return horner(p1, p2, p3, coefficient(0, four, channels), t);
}

/** Coefficient k of two rows, for the third channel. */
@inline
function thirds(k: i32, a: usize, b: usize): v128 {
  const ofA = coefficient(k, a, 3), ofB = coefficient(k, b, 3);
  return i8x16.shuffle(ofA, ofB, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

/** The cubic through four neighbours of each of two rows, for the third channel. */
@inline
function alongBoth(a: usize, b: usize, t: v128): v128 {
  return horner(thirds(1, a, b), thirds(2, a, b), thirds(3, a, b), thirds(0, a, b), t);
}

/** The cubic through four values that need not be integers. */
@inline
function cubic(v0: v128, v1: v128, v2: v128, v3: v128, t: v128): v128 {
  const d = f64x2.sub(v0, v1);
  const p3 = f64x2.sub(f64x2.add(f64x2.add(d, d), v2), v3);
  const p4 = f64x2.add(f64x2.sub(f64x2.neg(d), v2), v3);
  return f64x2.add(v1, f64x2.mul(t, f64x2.add(f64x2.sub(v2, v0), f64x2.mul(t, f64x2.add(p3, f64x2.mul(t, p4))))));
}

@inline
function swapped(pair: v128): v128 {
  return i8x16.shuffle(pair, pair, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}

@inline
function clamped(i: i32, end: i32): i32 {
  return min(max(i, 0), end - 1);
}

/** Where the four pixels of a row from pixel `column` on are: those beyond its ends are replaced by the nearest, which takes room. */
@inline
function fourFrom(row: usize, column: i32, width: i32, channels: i32, room: usize): usize {
  if (column >= 0 && column + TAPS <= width) return row + column * channels;
  for (let i = 0; i < TAPS; i++)
    for (let c = 0; c < channels; c++) store<u8>(room + i * channels + c, load<u8>(row + clamped(column + i, width) * channels + c));
  return room;
}

/**
 * The pixel at (u, v), which lies in the image, clipped and truncated: its channels in the lowest bytes. `room` has space for four times `READ`
 * bytes.
 */
@inline
function pixelOf(image: usize, room: usize, width: i32, height: i32, u: f64, v: f64, channels: i32): i32 {
  const left = Math.floor(u - 0.5), top = Math.floor(v - 0.5), row = width * channels;
  const right = f64x2.splat(u - 0.5 - left), down = f64x2.splat(v - 0.5 - top), i = <i32>left - 1, j = <i32>top - 1;
  const p0 = fourFrom(image + clamped(j, height) * row, i, width, channels, room);
  const p1 = fourFrom(image + clamped(j + 1, height) * row, i, width, channels, room + READ);
  const p2 = fourFrom(image + clamped(j + 2, height) * row, i, width, channels, room + 2 * READ);
  const p3 = fourFrom(image + clamped(j + 3, height) * row, i, width, channels, room + 3 * READ);
  const q0 = along(p0, right, channels), q1 = along(p1, right, channels), q2 = along(p2, right, channels), q3 = along(p3, right, channels);
  const firstTwo = i32x4.trunc_sat_f64x2_s_zero(cubic(q0, q1, q2, q3, down));
  let words = i16x8.narrow_i32x4_s(firstTwo, firstTwo);
  if (channels == 3) {
    const upper = alongBoth(p0, p1, right), lower = alongBoth(p2, p3, right);
    const third = i32x4.trunc_sat_f64x2_s_zero(cubic(upper, swapped(upper), lower, swapped(lower), down));
    words = i16x8.narrow_i32x4_s(i8x16.shuffle(firstTwo, third, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), third);
  }
  return i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0);
}

/** `pixelOf` an image of 3 channels. */
export function exactRgb(image: usize, room: usize, width: i32, height: i32, u: f64, v: f64): i32 {
  return pixelOf(image, room, width, height, u, v, 3);
}

/** `pixelOf` an image of 1 channel. */
export function exactGrey(image: usize, room: usize, width: i32, height: i32, u: f64, v: f64): i32 {
  return pixelOf(image, room, width, height, u, v, 1);
}
