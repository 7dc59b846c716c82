/** The 16-bit formats F16 and BF16: widening them to f64, which is exact, and rounding to F16. */

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // subnormal
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** F16 → f64 */
export const widenHalf = (words: Uint16Array): Float64Array => Float64Array.from(words, halfToNumber);

/** BF16 → f64: the words are the upper halves of an f32's bits. */
export const widenBrainHalf = (words: Uint16Array): Float64Array =>
  Float64Array.from(new Float32Array(Uint32Array.from(words, (bits) => bits << 16).buffer));

const HALF_LARGEST = 65_504;
/** Exponent of the smallest normal f16, and bits of the fraction. */
const [HALF_LEAST, HALF_BITS] = [-14, 10];

/** The f16 nearest to x, ties to even; ±∞ beyond the largest. */
export function roundHalf(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), HALF_LEAST) - HALF_BITS);
  const steps = x / step; // exact: a power of two
  const below = Math.floor(steps);
  const above = steps - below;
  const even = below % 2 === 0 ? below : below + 1;
  const rounded = (above < 0.5 ? below : above > 0.5 ? below + 1 : even) * step;
  return Math.abs(rounded) > HALF_LARGEST ? Math.sign(x) * Infinity : rounded;
}
