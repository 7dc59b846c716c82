/** SGD with momentum (E36), in place. f32. */

const BYTES: usize = 4;
const LANES: i32 = 4;

/**
 * g ← g + decay·θ;  b ← g if `first`, else momentum·b + g;  θ ← θ − rate·(g + momentum·b) if `nesterov`, else θ − rate·b.
 *
 * At the first step b may be where g is. `finite` is the address of a number, which skips the step if it is 0, so that b is 0 if it is the first; the
 * address 0 stands for no such number.
 */
export function sgd(
  theta: usize, b: usize, g: usize, finite: usize, n: i32, first: bool, nesterov: bool, rate: f32, momentum: f32, decay: f32,
): void {
  if (finite != 0 && load<f32>(finite) == 0) {
    if (first) memory.fill(b, 0, <usize>n * BYTES);
    return;
  }
  const d = f32x4.splat(decay), m = f32x4.splat(momentum), r = f32x4.splat(rate);
  let i = 0;
  for (; i + LANES <= n; i += LANES) {
    const at = <usize>i * BYTES, old = v128.load(theta + at);
    const grad = f32x4.add(v128.load(g + at), f32x4.mul(old, d));
    const buffer = first ? grad : f32x4.add(f32x4.mul(v128.load(b + at), m), grad);
    const direction = nesterov ? f32x4.add(grad, f32x4.mul(buffer, m)) : buffer;
    v128.store(b + at, buffer), v128.store(theta + at, f32x4.sub(old, f32x4.mul(direction, r)));
  }
  for (; i < n; i++) {
    const at = <usize>i * BYTES, old = load<f32>(theta + at);
    const grad = load<f32>(g + at) + old * decay;
    const buffer = first ? grad : load<f32>(b + at) * momentum + grad;
    const direction = nesterov ? grad + buffer * momentum : buffer;
    store<f32>(b + at, buffer), store<f32>(theta + at, old - direction * rate);
  }
}
