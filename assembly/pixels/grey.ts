/** The luma of RGB images (src/data/pixels/grey.ts), 16 pixels at a time. */

const LANES: i32 = 16;
const CHANNELS: usize = 3;
/** log₂ of the denominator of the weights. */
const BITS: i32 = 16;

/**
 * The luma of the four pixels in the first 12 bytes, as 32-bit integers. A dot product takes pairs of signed 16-bit numbers, for which green's
 * weight, 38470, is too large: it enters by halves, beside red and beside blue.
 */
@inline
function four(pixels: v128): v128 {
  const redGreen = i8x16.swizzle(pixels, i8x16(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
  const greenBlue = i8x16.swizzle(pixels, i8x16(1, -1, 2, -1, 4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1));
  const a = i32x4.dot_i16x8_s(redGreen, i16x8(19595, 19235, 19595, 19235, 19595, 19235, 19595, 19235));
  const b = i32x4.dot_i16x8_s(greenBlue, i16x8(19235, 7471, 19235, 7471, 19235, 7471, 19235, 7471));
  return i32x4.shr_u(i32x4.add(i32x4.add(a, b), i32x4.splat(1 << (BITS - 1))), BITS);
}

/** The luma of each of the pixels, in three channels. */
export function grey(out: usize, image: usize, pixels: i32): void {
  for (; pixels > 0; pixels -= LANES) {
    const a = four(v128.load(image)), b = four(v128.load(image, 12)), c = four(v128.load(image, 24)), d = four(v128.load(image, 36));
    const luma = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
    v128.store(out, i8x16.swizzle(luma, i8x16(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5)));
    v128.store(out, i8x16.swizzle(luma, i8x16(5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10)), 16);
    v128.store(out, i8x16.swizzle(luma, i8x16(10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15)), 32);
    image += CHANNELS * LANES, out += CHANNELS * LANES;
  }
}
