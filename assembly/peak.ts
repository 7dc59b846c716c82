/**
 * The peak FLOP/s that this machine reaches with f32x4.mul and f32x4.add; matrix multiplications are compared with it (src/bench/peak.ts).
 *
 * An iteration does the arithmetic of one k step of a 4 × 8 register tile, 64 FLOP, with two loads instead of six: it adds to 8 independent sums the
 * products of four values that stay in registers with two that are loaded, so that no compiler can move a product out of the loop.
 */

/** Vectors are loaded from a window of so many bytes, again and again. */
const WINDOW: usize = 1024;

/** Runs so many iterations on `WINDOW` + 96 bytes at `at`. Returns a part of the sum, so that no compiler can leave anything out. */
export function peak(at: usize, iterations: i32): f32 {
  const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
  const from = at + 64;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let offset: usize = 0;
  for (; iterations > 0; iterations--) {
    const y = v128.load(from + offset), z = v128.load(from + offset, 16);
    s0 = f32x4.add(s0, f32x4.mul(x0, y));
    s1 = f32x4.add(s1, f32x4.mul(x0, z));
    s2 = f32x4.add(s2, f32x4.mul(x1, y));
    s3 = f32x4.add(s3, f32x4.mul(x1, z));
    s4 = f32x4.add(s4, f32x4.mul(x2, y));
    s5 = f32x4.add(s5, f32x4.mul(x2, z));
    s6 = f32x4.add(s6, f32x4.mul(x3, y));
    s7 = f32x4.add(s7, f32x4.mul(x3, z));
    offset = (offset + 32) & (WINDOW - 1);
  }
  const sum = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7)));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 3);
}
