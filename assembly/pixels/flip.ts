/** Mirrors images left to right (src/data/pixels/flip.ts), as many whole pixels at a time as 16 bytes hold. */

/** The pixels of the first bytes of a vector in reverse order. */
@inline
function reversed(pixels: v128, channels: i32): v128 {
  if (channels == 3) return i8x16.swizzle(pixels, i8x16(12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, -1));
  return i8x16.swizzle(pixels, i8x16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}

@inline
function mirrored(out: usize, image: usize, row: i32, height: i32, channels: i32): void {
  const step = 16 - (16 % channels);
  for (; height > 0; height--) {
    for (let x = 0; x < row; x += step) v128.store(out + x, reversed(v128.load(image + row - step - x), channels));
    out += row, image += row;
  }
}

/** The mirrored RGB image, whose rows have `row` samples. */
export function flipRgb(out: usize, image: usize, row: i32, height: i32): void {
  mirrored(out, image, row, height, 3);
}

/** The mirrored image of one channel. */
export function flipGrey(out: usize, image: usize, row: i32, height: i32): void {
  mirrored(out, image, row, height, 1);
}
