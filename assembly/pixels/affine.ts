/**
 * Pillow's affine transform with its bicubic filter (src/data/pixels/affine.ts), in f64 with the operations in the definition's order. The
 * channels of a pixel are lanes: red and green in one vector, blue in another.
 *
 * A sum of integers is exact in any order, so the coefficients of the cubic are computed in 32-bit integers.
 */

/** Pixels that the cubic runs through, along each axis. */
const TAPS: i32 = 4;

/** The samples of pixel `i` of four in a vector, as 32-bit integers, a channel a lane. */
@inline
function pixel(four: v128, i: i32, channels: i32): v128 {
  if (channels == 3) {
    if (i == 0) return i8x16.swizzle(four, i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1));
    if (i == 1) return i8x16.swizzle(four, i8x16(3, -1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1));
    if (i == 2) return i8x16.swizzle(four, i8x16(6, -1, -1, -1, 7, -1, -1, -1, 8, -1, -1, -1, -1, -1, -1, -1));
    return i8x16.swizzle(four, i8x16(9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1, -1, -1, -1, -1));
  }
  if (i == 0) return i8x16.swizzle(four, i8x16(0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  if (i == 1) return i8x16.swizzle(four, i8x16(1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  if (i == 2) return i8x16.swizzle(four, i8x16(2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  return i8x16.swizzle(four, i8x16(3, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
}

/** The sum p₁ + t (p₂ + t (p₃ − t q)), q = −p₄, of two lanes of integers. */
@inline
function horner(p1: v128, p2: v128, p3: v128, q: v128, t: v128): v128 {
  const inner = f64x2.sub(f64x2.convert_low_i32x4_s(p3), f64x2.mul(t, f64x2.convert_low_i32x4_s(q)));
  const middle = f64x2.add(f64x2.convert_low_i32x4_s(p2), f64x2.mul(t, inner));
  return f64x2.add(f64x2.convert_low_i32x4_s(p1), f64x2.mul(t, middle));
}

/** The cubic through four neighbours of a row, for the first two channels. */
@inline
function along(four: v128, t: v128, channels: i32): v128 {
  const v0 = pixel(four, 0, channels), v1 = pixel(four, 1, channels), v2 = pixel(four, 2, channels), v3 = pixel(four, 3, channels);
  const d = i32x4.sub(v0, v1), q = i32x4.add(d, i32x4.sub(v2, v3));
  return horner(v1, i32x4.sub(v2, v0), i32x4.add(d, q), q, t);
}

/** The third lane of both. */
@inline
function thirds(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 8, 9, 10, 11, 24, 25, 26, 27);
}

/** The cubic through four neighbours of each of two rows, for the third channel. */
@inline
function alongBoth(a: v128, b: v128, t: v128): v128 {
  const v0 = thirds(pixel(a, 0, 3), pixel(b, 0, 3)), v1 = thirds(pixel(a, 1, 3), pixel(b, 1, 3));
  const v2 = thirds(pixel(a, 2, 3), pixel(b, 2, 3)), v3 = thirds(pixel(a, 3, 3), pixel(b, 3, 3));
  const d = i32x4.sub(v0, v1), q = i32x4.add(d, i32x4.sub(v2, v3));
  return horner(v1, i32x4.sub(v2, v0), i32x4.add(d, q), q, t);
}

/** The cubic through four values that need not be integers. */
@inline
function cubic(v0: v128, v1: v128, v2: v128, v3: v128, t: v128): v128 {
  const p3 = f64x2.sub(f64x2.add(f64x2.mul(f64x2.splat(2), f64x2.sub(v0, v1)), v2), v3);
  const p4 = f64x2.add(f64x2.sub(f64x2.sub(v1, v0), v2), v3);
  return f64x2.add(v1, f64x2.mul(t, f64x2.add(f64x2.sub(v2, v0), f64x2.mul(t, f64x2.add(p3, f64x2.mul(t, p4))))));
}

@inline
function swapped(pair: v128): v128 {
  return i8x16.shuffle(pair, pair, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}

/** Stores a pixel, clipped and truncated: the first two channels from one vector, the third from the first lane of another. */
@inline
function put(out: usize, firstTwo: v128, third: v128): void {
  const a = i32x4.trunc_sat_f64x2_s_zero(firstTwo), b = i32x4.trunc_sat_f64x2_s_zero(third);
  const words = i16x8.narrow_i32x4_s(i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), a);
  v128.store32_lane(out, i8x16.narrow_i16x8_u(words, words), 0);
}

@inline
function clamped(i: i32, end: i32): i32 {
  return min(max(i, 0), end - 1);
}

/** The four pixels of a row from pixel `column` on, those beyond the ends replaced by the nearest. */
@inline
function fourFrom(row: usize, column: i32, width: i32, channels: i32, room: usize): v128 {
  if (column >= 0 && column + TAPS <= width) return v128.load(row + column * channels);
  for (let i = 0; i < TAPS; i++)
    for (let c = 0; c < channels; c++) store<u8>(room + i * channels + c, load<u8>(row + clamped(column + i, width) * channels + c));
  return v128.load(room);
}

@inline
function transform(out: usize, image: usize, room: usize, fill: usize, width: i32, height: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, channels: i32): void {
  const colour = load<i32>(fill), zero = f64x2.splat(0), row = width * channels;
  for (let y = 0; y < height; y++) {
    const by = b * (<f64>y + 0.5), ey = e * (<f64>y + 0.5);
    for (let x = 0; x < width; x++, out += channels) {
      const u = a * (<f64>x + 0.5) + by + c, v = d * (<f64>x + 0.5) + ey + f;
      if (!(u >= 0 && u < <f64>width && v >= 0 && v < <f64>height)) {
        store<i32>(out, colour);
        continue;
      }
      const left = Math.floor(u - 0.5), top = Math.floor(v - 0.5), down = v - 0.5 - top;
      const right = f64x2.splat(u - 0.5 - left), i = <i32>left - 1, j = <i32>top - 1;
      const p1 = fourFrom(image + clamped(j + 1, height) * row, i, width, channels, room);
      if (down == 0) {
        put(out, along(p1, right, channels), channels == 3 ? alongBoth(p1, p1, right) : zero); // the cubic down the column is its second value
        continue;
      }
      const p0 = fourFrom(image + clamped(j, height) * row, i, width, channels, room);
      const p2 = fourFrom(image + clamped(j + 2, height) * row, i, width, channels, room);
      const p3 = fourFrom(image + clamped(j + 3, height) * row, i, width, channels, room);
      const t = f64x2.splat(down);
      const firstTwo = cubic(along(p0, right, channels), along(p1, right, channels), along(p2, right, channels), along(p3, right, channels), t);
      if (channels == 3) {
        const upper = alongBoth(p0, p1, right), lower = alongBoth(p2, p3, right);
        put(out, firstTwo, cubic(upper, swapped(upper), lower, swapped(lower), t));
      } else put(out, firstTwo, zero);
    }
  }
}

/**
 * The transformed image of 1 or 3 channels. `room` has space for a vector; `fill` points to the pixel that surrounds the image.
 */
export function affine(out: usize, image: usize, room: usize, fill: usize, width: i32, height: i32, channels: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64): void {
  if (channels == 3) transform(out, image, room, fill, width, height, a, b, c, d, e, f, 3);
  else transform(out, image, room, fill, width, height, a, b, c, d, e, f, 1);
}
