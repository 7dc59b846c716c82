/** [H, W, 3] → [3, H, W] (src/data/pixels/planes.ts), 16 pixels at a time. */

const LANES: i32 = 16;
const CHANNELS: usize = 3;

/** The channels one after the other, `pixels` bytes each. */
export function planes(out: usize, image: usize, pixels: i32): void {
  const green = out + pixels, blue = green + pixels;
  let i = 0;
  for (; i + LANES <= pixels; i += LANES, image += CHANNELS * LANES) {
    const a = v128.load(image), b = v128.load(image, 16), c = v128.load(image, 32);
    const r = i8x16.shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
    v128.store(out + i, i8x16.shuffle(r, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
    const g = i8x16.shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
    v128.store(green + i, i8x16.shuffle(g, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
    const u = i8x16.shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
    v128.store(blue + i, i8x16.shuffle(u, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
  }
  for (; i < pixels; i++, image += CHANNELS) {
    store<u8>(out + i, load<u8>(image));
    store<u8>(green + i, load<u8>(image, 1));
    store<u8>(blue + i, load<u8>(image, 2));
  }
}
