/** The vector operations of the register tiles, of which `math.ts` uses the first for its polynomials. */

/** sum + x ⊙ y: rounded twice, or only once in the build with relaxed SIMD if the processor has a fused multiply–add. */
@inline
export function madd(sum: v128, x: v128, y: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** Adds a sum to the vector of C at c. */
@inline
export function addTo(c: usize, sum: v128): void {
  v128.store(c, f32x4.add(v128.load(c), sum));
}
