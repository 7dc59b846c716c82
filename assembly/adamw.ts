/** AdamW (E35), in place. f32. */

const BYTES: usize = 4;
const LANES: i32 = 4;

/**
 * θ ← decay·θ;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  θ ← θ − rate · m/(√v·unbias + eps).
 *
 * `rate` and `unbias` are the addresses of η/(1 − β₁ᵏ) and 1/√(1 − β₂ᵏ). `finite` is the address of a number, which skips the step if it is 0; the
 * address 0 stands for no such number. decay = 1 − η·wd; fresh1 = 1 − β₁ and fresh2 = 1 − β₂, rounded by the caller.
 */
export function adamw(
  theta: usize, m: usize, v: usize, g: usize, rate: usize, unbias: usize, finite: usize, n: i32,
  decay: f32, beta1: f32, fresh1: f32, beta2: f32, fresh2: f32, eps: f32,
): void {
  if (finite != 0 && load<f32>(finite) == 0) return;
  const d = f32x4.splat(decay), r = v128.load32_splat(rate), u = v128.load32_splat(unbias), e = f32x4.splat(eps);
  const b1 = f32x4.splat(beta1), f1 = f32x4.splat(fresh1), b2 = f32x4.splat(beta2), f2 = f32x4.splat(fresh2);
  let i = 0;
  for (; i + LANES <= n; i += LANES) {
    const at = <usize>i * BYTES, grad = v128.load(g + at);
    const m1 = f32x4.add(f32x4.mul(b1, v128.load(m + at)), f32x4.mul(f1, grad));
    const v1 = f32x4.add(f32x4.mul(b2, v128.load(v + at)), f32x4.mul(f2, f32x4.mul(grad, grad)));
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(v1), u), e);
    v128.store(m + at, m1), v128.store(v + at, v1);
    v128.store(theta + at, f32x4.sub(f32x4.mul(d, v128.load(theta + at)), f32x4.mul(r, f32x4.div(m1, root))));
  }
  for (; i < n; i++) {
    const at = <usize>i * BYTES, grad = load<f32>(g + at);
    const m1 = beta1 * load<f32>(m + at) + fresh1 * grad;
    const v1 = beta2 * load<f32>(v + at) + fresh2 * (grad * grad);
    store<f32>(m + at, m1), store<f32>(v + at, v1);
    store<f32>(theta + at, decay * load<f32>(theta + at) - load<f32>(rate) * (m1 / (Mathf.sqrt(v1) * load<f32>(unbias) + eps)));
  }
}
