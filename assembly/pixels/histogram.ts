/** How often each value occurs in each channel (src/data/pixels/histogram.ts). */

/** Bytes of the counts of one channel. */
const COUNTS: usize = 256 * 4;

@inline
function count(counts: usize, value: usize): void {
  const at = counts + (value << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** Adds to the counts, 256 a channel, those of n samples; the channels take turns. */
export function histogram(counts: usize, image: usize, n: i32, channels: i32): void {
  const end = image + n;
  if (channels == 3) {
    for (; image < end; image += 3) {
      count(counts, load<u8>(image));
      count(counts + COUNTS, load<u8>(image, 1));
      count(counts + 2 * COUNTS, load<u8>(image, 2));
    }
    return;
  }
  for (let c = 0; image < end; image++) {
    count(counts + <usize>c * COUNTS, load<u8>(image));
    c = c == channels - 1 ? 0 : c + 1;
  }
}
