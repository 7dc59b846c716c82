/** Sweeps over ranges of f32: the points to try, and the error of the results. */

const POINTS = 20_000;

/** Points from a to b, which have the same sign or are 0: half of them evenly spaced by value, half by bit pattern, which means by logarithm. */
export function points(a: number, b: number): Float32Array {
  const [first = 0, last = 0] = new Uint32Array(Float32Array.of(a, b).buffer).map((word) => word & 0x7fffffff);
  const share = (i: number): number => (i >> 1) / (POINTS / 2 - 1);
  const logarithmic = new Float32Array(
    Uint32Array.from({ length: POINTS }, (_, i) => Math.round(first + (last - first) * share(i))).buffer,
  );
  const sign = a < 0 || b < 0 ? -1 : 1;
  return Float32Array.from(logarithmic, (x, i) => (i % 2 === 0 ? a + (b - a) * share(i) : sign * x));
}

/** The largest error in units in the last place of the true value rounded to f32; Infinity for NaN. */
export function worstUlps(actual: Float32Array, expected: readonly number[]): number {
  const words = new Uint32Array(Float32Array.from(expected).buffer);
  return expected.reduce((most, want, i) => {
    const exponent = Math.max(((words[i] ?? NaN) >>> 23) & 255, 1); // subnormal numbers have the exponent of the smallest normal ones
    const error = Math.abs((actual[i] ?? NaN) - want) / 2 ** (exponent - 150);
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
}

/** The largest error, as a share of `scale` of the true value. */
export function worstError(actual: Float32Array, expected: readonly number[], scale: (want: number) => number): number {
  return expected.reduce((most, want, i) => Math.max(most, Math.abs((actual[i] ?? NaN) - want) / scale(want)), 0);
}
