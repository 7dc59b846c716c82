/** Pillow's blend (src/data/pixels/blend.ts), 16 samples at a time. */

const LANES: i32 = 16;

/** Four samples: a + factor · (b − a), each operation rounded to f32, then truncated. What lies outside 0 … 255 is clipped when it is narrowed. */
@inline
function blended(a: v128, difference: v128, factor: v128): v128 {
  const value = f32x4.add(f32x4.convert_i32x4_s(a), f32x4.mul(factor, f32x4.convert_i32x4_s(difference)));
  return i32x4.trunc_sat_f32x4_s(value);
}

/** Eight samples as 16-bit integers. */
@inline
function eight(a: v128, b: v128, factor: v128): v128 {
  const difference = i16x8.sub(b, a);
  return i16x8.narrow_i32x4_s(
    blended(i32x4.extend_low_i16x8_s(a), i32x4.extend_low_i16x8_s(difference), factor),
    blended(i32x4.extend_high_i16x8_s(a), i32x4.extend_high_i16x8_s(difference), factor),
  );
}

/** out = a + factor · (b − a), of n samples each. */
export function blend(out: usize, a: usize, b: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (let i = 0; i < n; i += LANES) {
    const x = v128.load(a + i), y = v128.load(b + i);
    const low = eight(i16x8.extend_low_i8x16_u(x), i16x8.extend_low_i8x16_u(y), f);
    const high = eight(i16x8.extend_high_i8x16_u(x), i16x8.extend_high_i8x16_u(y), f);
    v128.store(out + i, i8x16.narrow_i16x8_u(low, high));
  }
}
