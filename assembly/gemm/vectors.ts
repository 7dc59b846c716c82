/** What the tiles do with one vector. */

/** sum + x ⊙ y */
@inline
export function plus(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** C's vector at c, plus a sum. */
@inline
export function raise(c: usize, sum: v128): void {
  v128.store(c, f32x4.add(v128.load(c), sum));
}
