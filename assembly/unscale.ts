/** Divides a gradient by the loss scale, in place, and checks that it is finite. f32. */
import { EXPONENT } from "./elementwise";

const BYTES: usize = 4;
const LANES: i32 = 4;

/** g ← g · (the number at `inverse`). If a result is NaN or infinite, stores 0 at `finite`; several threads may do so, as all of them store 0. */
export function unscale(g: usize, finite: usize, inverse: usize, n: i32): void {
  assert(((g | finite | inverse) & 3) == 0, "pointers must be 4-byte aligned");
  const factor = v128.load32_splat(inverse), exponent = i32x4.splat(EXPONENT);
  let none = i32x4.splat(0);
  for (; n >= LANES; n -= LANES) {
    const grad = f32x4.mul(v128.load(g), factor);
    v128.store(g, grad);
    none = v128.or(none, i32x4.eq(v128.and(grad, exponent), exponent));
    g += 16;
  }
  for (; n > 0; n--) {
    const grad = f32x4.mul(v128.load32_splat(g), factor);
    v128.store_lane<f32>(g, grad, 0);
    none = v128.or(none, i32x4.eq(v128.and(grad, exponent), exponent));
    g += BYTES;
  }
  if (v128.any_true(none)) store<f32>(finite, 0);
}
