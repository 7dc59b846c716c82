/**
 * The weights of Pillow's antialiased bicubic resize along one axis (deit.md 7.12).
 *
 *   s = in/out    F = max(s, 1)    c = (i + ½)s                         c: the centre of output pixel i in the input
 *   taps j        from trunc(c − 2F + ½) to trunc(c + 2F + ½), exclusive, cut to the image
 *   weights       k((j − c + ½)/F), divided by their sum, then rounded to multiples of 2⁻²², halves away from zero
 *
 *   k(x) = (a + 2)|x|³ − (a + 3)x² + 1     |x| < 1                      Keys' cubic with a = −½
 *          a|x|³ − 5a x² + 8a|x| − 4a      1 ≤ |x| < 2
 *
 * The last bit of a weight may decide the last bit of a pixel, so sums and products are taken in Pillow's order.
 */

/** Fractional bits of a weight: a weighted sum of 8-bit pixels leaves two of 32 bits unused. */
export const PRECISION = 22;
const ONE = 2 ** PRECISION;

/** Keys' a. */
const A = -0.5;
/** The cubic is zero from here on, in pixels of the coarser grid. */
const REACH = 2;

/** Which input pixels each output pixel of a range is summed from, and with what weights. */
export interface Taps {
  /** The first input pixel, one value an output pixel. */
  readonly first: Int32Array;
  /** The number of input pixels, one value an output pixel. */
  readonly count: Int32Array;
  /** The weights in units of 2⁻²²; those of output pixel n begin at n · stride. */
  readonly weights: Int32Array;
  /** Entries of `weights` for one output pixel, an even number; those beyond `count` are zero. */
  readonly stride: number;
}

function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  if (d < REACH) return (((d - 5) * d + 8) * d - 4) * A;
  return 0;
}

/** Halves away from zero, once it is truncated. */
const awayFromZero = (x: number): number => (x < 0 ? x - 0.5 : x + 0.5);

/**
 * The taps of output pixels `begin` … `begin + length − 1`.
 *
 * @param from pixels of the input
 * @param to pixels of the whole output
 */
export function bicubicTaps(from: number, to: number, begin: number, length: number): Taps {
  const scale = from / to;
  const spread = Math.max(scale, 1);
  const [support, finer] = [REACH * spread, 1 / spread];
  const stride = Math.ceil(support) * 2 + 2;
  const [first, count] = [new Int32Array(length), new Int32Array(length)];
  const weights = new Int32Array(length * stride);
  const exact = new Float64Array(stride); // of one output pixel
  for (let n = 0; n < length; n++) {
    const centre = (begin + n + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(from, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let t = 0; t < high - low; t++) {
      const weight = cubic((t + low - centre + 0.5) * finer);
      exact[t] = weight;
      sum += weight;
    }
    first[n] = low;
    count[n] = high - low;
    for (let t = 0; t < high - low; t++) weights[n * stride + t] = awayFromZero(((exact[t] ?? 0) / sum) * ONE);
  }
  return { first, count, weights, stride };
}
