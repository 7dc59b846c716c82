/** The two 16-bit formats, widened; exact. */

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
