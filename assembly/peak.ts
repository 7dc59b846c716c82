/**
 * What this machine does at most with f32x4.mul and f32x4.add: the register peak that matrix products are measured by.
 *
 * A turn is the arithmetic of one k step of a 4 × 8 tile, 64 FLOP, with two loads instead of six: 8 independent sums of products of four
 * values in registers with two that are new in each turn, so that no compiler can take a product out of the loop.
 */

/** Vectors are read from so many bytes, over and over. */
const WINDOW: usize = 1024;

/** `turns` turns on `WINDOW` + 96 bytes at `at`; one lane of the sum, so that nothing is left out. */
export function peak(at: usize, turns: i32): f32 {
  const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
  const from = at + 64;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let offset: usize = 0;
  for (; turns > 0; turns--) {
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
