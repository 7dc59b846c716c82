/**
 * The two passes of Pillow's bicubic resize (src/data/pixels/resize.ts), in 32-bit integers.
 *
 * Dot products of pairs of 16-bit numbers are by far the fastest way to sum products. A weight has 24 bits, so it is split,
 * w = 2¹² high + low with 0 ≤ low < 2¹², and the sums of both parts are put together at the end. Integers wrap around at 2³², so the order of the
 * sums does not matter.
 */

/** Fractional bits of a weight. */
const PRECISION: i32 = 22;
const LOW_BITS: i32 = 12;
/** Rows that are resized together, so that they share the weights. */
const ROWS: usize = 4;
/** Bytes of a pair of weights: the high parts of both, then the low parts of both. */
const PAIR: usize = 8;

/**
 * Splits n weights in place: of each two w₀, w₁ (32 bits each), in four 16-bit numbers high₀, high₁, low₀, low₁. n is even.
 */
export function pairWeights(weights: usize, n: i32): void {
  for (let i: usize = 0; i < 4 * <usize>n; i += 16) {
    const w = v128.load(weights + i);
    const parts = i16x8.narrow_i32x4_s(i32x4.shr_s(w, LOW_BITS), v128.and(w, i32x4.splat((1 << LOW_BITS) - 1)));
    v128.store(weights + i, i8x16.shuffle(parts, parts, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15));
  }
}

/** Four weighted sums of bytes: their parts put together, rounded; not yet clipped. */
@inline
function rounded(high: v128, low: v128): v128 {
  const sum = i32x4.add(i32x4.shl(high, LOW_BITS), i32x4.add(low, i32x4.splat(1 << (PRECISION - 1))));
  return i32x4.shr_s(sum, PRECISION);
}

/** The samples of two neighbouring pixels as 16-bit numbers, channel by channel: those of channel c in lanes 2c and 2c + 1. */
@inline
function pairOf(at: usize, channels: i32): v128 {
  const first = v128.load8x8_u(at), second = v128.load8x8_u(at + channels);
  return i8x16.shuffle(first, second, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}

@inline
function alongRows(out: usize, image: usize, firsts: usize, counts: usize, weights: usize, pitch: usize, row: usize, rows: i32, stride: i32, across: i32, channels: i32): void {
  for (; rows > 0; rows -= <i32>ROWS) {
    const b = image + row, c = b + row, d = c + row;
    let to = out, weightsAt = weights;
    for (let x = 0; x < across; x++, to += channels) {
      let at = load<i32>(firsts + 4 * x) * channels;
      const end = at + load<i32>(counts + 4 * x) * channels;
      let aHigh = i32x4.splat(0), bHigh = aHigh, cHigh = aHigh, dHigh = aHigh, aLow = aHigh, bLow = aHigh, cLow = aHigh, dLow = aHigh;
      for (let w = weightsAt; at < end; at += 2 * channels, w += PAIR) {
        const high = v128.load32_splat(w), low = v128.load32_splat(w, 4);
        const ofA = pairOf(image + at, channels), ofB = pairOf(b + at, channels), ofC = pairOf(c + at, channels), ofD = pairOf(d + at, channels);
        aHigh = i32x4.add(aHigh, i32x4.dot_i16x8_s(ofA, high)), aLow = i32x4.add(aLow, i32x4.dot_i16x8_s(ofA, low));
        bHigh = i32x4.add(bHigh, i32x4.dot_i16x8_s(ofB, high)), bLow = i32x4.add(bLow, i32x4.dot_i16x8_s(ofB, low));
        cHigh = i32x4.add(cHigh, i32x4.dot_i16x8_s(ofC, high)), cLow = i32x4.add(cLow, i32x4.dot_i16x8_s(ofC, low));
        dHigh = i32x4.add(dHigh, i32x4.dot_i16x8_s(ofD, high)), dLow = i32x4.add(dLow, i32x4.dot_i16x8_s(ofD, low));
      }
      const ab = i16x8.narrow_i32x4_s(rounded(aHigh, aLow), rounded(bHigh, bLow));
      const cd = i16x8.narrow_i32x4_s(rounded(cHigh, cLow), rounded(dHigh, dLow));
      const bytes = i8x16.narrow_i16x8_u(ab, cd);
      v128.store32_lane(to, bytes, 0);
      v128.store32_lane(to + pitch, bytes, 1);
      v128.store32_lane(to + 2 * pitch, bytes, 2);
      v128.store32_lane(to + 3 * pitch, bytes, 3);
      weightsAt += 4 * stride;
    }
    image += ROWS * row, out += ROWS * pitch;
  }
}

/**
 * Resizes `rows` rows of an RGB image along themselves; up to three rows more are read and written, since four are resized together. The rows of
 * the image begin `row` bytes apart, those of the result `pitch` bytes: at least three more than they have samples. Output pixel x is summed from
 * counts[x] pixels beginning with firsts[x], with the weights, in pairs, from weights[x · stride].
 */
export function alongRowsRgb(out: usize, image: usize, firsts: usize, counts: usize, weights: usize, pitch: usize, row: usize, rows: i32, stride: i32, across: i32): void {
  alongRows(out, image, firsts, counts, weights, pitch, row, rows, stride, across, 3);
}

/** The same of an image of one channel. */
export function alongRowsGrey(out: usize, image: usize, firsts: usize, counts: usize, weights: usize, pitch: usize, row: usize, rows: i32, stride: i32, across: i32): void {
  alongRows(out, image, firsts, counts, weights, pitch, row, rows, stride, across, 1);
}

/**
 * Resizes along the columns, `samples` samples a row. The rows of the image begin `row` bytes apart, those of the result `pitch` bytes. Output
 * row y is summed from counts[y] rows beginning with row firsts[y], with the weights, in pairs, from weights[y · stride].
 */
export function alongColumns(out: usize, image: usize, firsts: usize, counts: usize, weights: usize, pitch: usize, row: usize, samples: i32, stride: i32, down: i32): void {
  for (let y = 0; y < down; y++) {
    const from = image + <usize>load<i32>(firsts + 4 * y) * row, taps = load<i32>(counts + 4 * y);
    for (let x = 0; x < samples; x += 16) {
      let high0 = i32x4.splat(0), high1 = high0, high2 = high0, high3 = high0, low0 = high0, low1 = high0, low2 = high0, low3 = high0;
      let at = from + x, w = weights;
      for (let t = 0; t < taps; t += 2, w += PAIR) {
        const high = v128.load32_splat(w), low = v128.load32_splat(w, 4);
        const p = v128.load(at), q = v128.load(at + (t + 1 < taps ? row : 0)); // an odd last row is paired with itself, with the weight 0
        const left = i8x16.shuffle(p, q, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const right = i8x16.shuffle(p, q, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const s0 = i16x8.extend_low_i8x16_u(left), s1 = i16x8.extend_high_i8x16_u(left);
        const s2 = i16x8.extend_low_i8x16_u(right), s3 = i16x8.extend_high_i8x16_u(right);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(s0, high)), low0 = i32x4.add(low0, i32x4.dot_i16x8_s(s0, low));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(s1, high)), low1 = i32x4.add(low1, i32x4.dot_i16x8_s(s1, low));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(s2, high)), low2 = i32x4.add(low2, i32x4.dot_i16x8_s(s2, low));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(s3, high)), low3 = i32x4.add(low3, i32x4.dot_i16x8_s(s3, low));
        at += 2 * row;
      }
      const left = i16x8.narrow_i32x4_s(rounded(high0, low0), rounded(high1, low1));
      const right = i16x8.narrow_i32x4_s(rounded(high2, low2), rounded(high3, low3));
      v128.store(out + x, i8x16.narrow_i16x8_u(left, right));
    }
    out += pitch, weights += 4 * stride;
  }
}
