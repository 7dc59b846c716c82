/** What the tiles do with one vector. */

/** sum + x ⊙ y: rounded twice, or once in the build with relaxed SIMD, on a host whose processor can. */
@inline
export function plus(sum: v128, x: v128, y: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** C's vector at c, plus a sum. */
@inline
export function raise(c: usize, sum: v128): void {
  v128.store(c, f32x4.add(v128.load(c), sum));
}
