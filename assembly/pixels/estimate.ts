/**
 * An estimate of a pixel of the affine transform (affine.ts) in f32, several lanes at a time.
 *
 * Where the estimate is not within 1/256 of an integer, its integer part is that of the exact value, since it is wrong by less. It weighs
 * pixels, with weights that follow from the cubic of the definition,
 *
 *   w₀ = −t + 2t² − t³    w₁ = 1 − 2t² + t³    w₂ = t + t² − t³    w₃ = −t² + t³        |w₀| + … + |w₃| ≤ 3/2
 *
 * each wrong by at most 5/2²⁴. A sum of four pixels is then wrong by 4 · 255 · 5/2²⁴ and its own rounding, 4 · 383/2²⁴: 0.0004. A sum of four
 * such sums is wrong by 3/2 of that and by 4 · 383 · 5/2²⁴ + 4 · 574/2²⁴: 0.0012. A position that is wrong by 2⁻²² along both axes adds 0.0003,
 * also where it falls between other pixels, since the sum is a continuous function of it, which nowhere changes by more than 574 a pixel.
 */

/** Bytes of a pixel. */
const PIXEL: usize = 3;
/** Fractional bits of t. */
const BITS: i32 = 24;
/** The bits of a pixel. */
const RGB: i64 = 0xffffff;

/**
 * The coefficients of t³, t², t and 1 for the four weights, where t is in units of 2⁻²⁴; then what `nearest` adds. In memory, since V8 builds
 * other constants anew for every pixel.
 */
const CONSTANTS: usize = memory.data<f32>(
  [-2.117582368135751e-22, 2.117582368135751e-22, -2.117582368135751e-22, 2.117582368135751e-22, 7.105427357601002e-15, -7.105427357601002e-15, 3.552713678800501e-15, -3.552713678800501e-15, -5.9604644775390625e-8, 0, 5.9604644775390625e-8, 0, 0, 1, 0, 0, -0.50390625, -0.50390625, -0.50390625, -0.50390625, -0.49609375, -0.49609375, -0.49609375, -0.49609375, 12582912, 12582912, 12582912, 12582912],
  16,
);

/** The four weights; all lanes of x are t. */
@inline
function weightsOf(x: v128): v128 {
  const cubed = f32x4.mul(v128.load(CONSTANTS), x);
  const squared = f32x4.mul(f32x4.add(cubed, v128.load(CONSTANTS, 16)), x);
  return f32x4.add(f32x4.mul(f32x4.add(squared, v128.load(CONSTANTS, 32)), x), v128.load(CONSTANTS, 48));
}

/** Samples 4k … 4k + 3 of a row. */
@inline
function samples(k: i32, at: usize): v128 {
  if (k == 0) return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(v128.load8x8_u(at)));
  if (k == 1) return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(v128.load8x8_u(at)));
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(v128.load8x8_u(at + 8)));
}

/** Lane k in all lanes. */
@inline
function splat(w: v128, k: i32): v128 {
  if (k == 0) return i8x16.shuffle(w, w, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
  if (k == 1) return i8x16.shuffle(w, w, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  if (k == 2) return i8x16.shuffle(w, w, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11);
  return i8x16.shuffle(w, w, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
}

/** Samples 4k … 4k + 3 of four rows, summed with the weights. */
@inline
function summed(k: i32, at: usize, row: usize, w: v128): v128 {
  const upper = f32x4.add(f32x4.mul(samples(k, at), splat(w, 0)), f32x4.mul(samples(k, at + row), splat(w, 1)));
  return f32x4.add(upper, f32x4.add(f32x4.mul(samples(k, at + 2 * row), splat(w, 2)), f32x4.mul(samples(k, at + 3 * row), splat(w, 3))));
}

/** Four pixels, whose samples are r₀ g₀ b₀ r₁, g₁ b₁ r₂ g₂ and b₂ r₃ g₃ b₃, summed with the weights: r, g, b and something. */
@inline
function across(first: v128, second: v128, third: v128, w: v128): v128 {
  const a = f32x4.mul(first, i8x16.shuffle(w, w, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7));
  const b = f32x4.mul(second, i8x16.shuffle(w, w, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11));
  const c = f32x4.mul(third, i8x16.shuffle(w, w, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15));
  const pixel1 = i8x16.shuffle(a, b, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
  const pixel2 = i8x16.shuffle(b, c, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
  const pixel3 = i8x16.shuffle(c, c, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15);
  return f32x4.add(f32x4.add(a, pixel1), f32x4.add(pixel2, pixel3));
}

/** A pixel; `position` is (u, v) as in `estimateRun`. */
@inline
function estimate(image: usize, row: usize, position: v128): v128 {
  const at = image + <usize>i32x4.extract_lane(position, 3) * row + <usize>i32x4.extract_lane(position, 1) * PIXEL;
  const t = f32x4.convert_i32x4_s(i32x4.shr_u(position, 32 - BITS));
  if (i32x4.extract_lane(position, 2) == 0) return across(samples(0, at + row), samples(1, at + row), samples(2, at + row), weightsOf(splat(t, 0)));
  const w = weightsOf(splat(t, 2));
  if (i32x4.extract_lane(position, 0) == 0) return summed(0, at + PIXEL, row, w);
  return across(summed(0, at, row, w), summed(1, at, row, w), summed(2, at, row, w), weightsOf(splat(t, 0)));
}

/** The integer nearest to each lane. */
@inline
function nearest(x: v128, magic: v128): v128 {
  return i32x4.sub(f32x4.add(x, magic), magic);
}

/**
 * Stores `count` pixels, clipped and truncated, but stops before the first that is in doubt. Returns how many it stored.
 *
 * The position (u, v) of the first is in units of 2⁻³², counted from the first of the pixels that are summed; each following pixel is (du, dv)
 * farther. `image` points to the first pixel of the image.
 */
export function estimateRun(out: usize, image: usize, row: usize, u: i64, v: i64, du: i64, dv: i64, count: i32): i32 {
  const step = i64x2.replace_lane(i64x2.splat(du), 1, dv);
  let position = i64x2.replace_lane(i64x2.splat(u), 1, v);
  const lower = v128.load(CONSTANTS, 64), higher = v128.load(CONSTANTS, 80), magic = v128.load(CONSTANTS, 96);
  for (let n = 0; n < count; n++, out += PIXEL) {
    const sum = estimate(image, row, position);
    const words = i16x8.narrow_i32x4_s(nearest(f32x4.add(sum, lower), magic), nearest(f32x4.add(sum, higher), magic));
    const both = i64x2.extract_lane(i8x16.narrow_i16x8_u(words, words), 0);
    if (((both ^ (both >> 32)) & RGB) != 0) return n;
    store<i32>(out, <i32>both);
    position = i64x2.add(position, step);
  }
  return count;
}
