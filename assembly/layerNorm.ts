/** Layer normalisation (E4) and its vector–Jacobian product (G10), row by row. f32. */
import { GROUP, across, total } from "./reduce";

const BYTES: usize = 4;
const LANES: i32 = 4;

/** Σ (x − mean)², n elements. */
function spread(x: usize, n: i32, mean: f32): f32 {
  const m = f32x4.splat(mean);
  let s0 = f32x4.splat(0), s1 = s0;
  for (; n >= 2 * LANES; n -= 2 * LANES) {
    const c0 = f32x4.sub(v128.load(x), m), c1 = f32x4.sub(v128.load(x, 16), m);
    s0 = f32x4.add(s0, f32x4.mul(c0, c0)), s1 = f32x4.add(s1, f32x4.mul(c1, c1));
    x += 32;
  }
  let sum = across(f32x4.add(s0, s1));
  for (; n > 0; n--) {
    const c = load<f32>(x) - mean;
    sum += c * c;
    x += BYTES;
  }
  return sum;
}

/** y, x̂ [rows, n] and r [rows] from x [rows, n]; γ, β [n]. */
export function layerNorm(y: usize, xHat: usize, rstd: usize, x: usize, gamma: usize, beta: usize, rows: i32, n: i32, eps: f32): void {
  assert(((y | xHat | rstd | x | gamma | beta) & 3) == 0, "pointers must be 4-byte aligned");
  for (; rows > 0; rows--) {
    const mean = total(x, n) / <f32>n;
    const r: f32 = 1 / Mathf.sqrt(spread(x, n, mean) / <f32>n + eps);
    store<f32>(rstd, r);
    const m = f32x4.splat(mean), scale = f32x4.splat(r);
    let at: usize = 0, j = 0;
    for (; j + LANES <= n; j += LANES) {
      const hat = f32x4.mul(f32x4.sub(v128.load(x + at), m), scale);
      v128.store(xHat + at, hat);
      v128.store(y + at, f32x4.add(f32x4.mul(hat, v128.load(gamma + at)), v128.load(beta + at)));
      at += 16;
    }
    for (; j < n; j++) {
      const hat = (load<f32>(x + at) - mean) * r;
      store<f32>(xHat + at, hat);
      store<f32>(y + at, hat * load<f32>(gamma + at) + load<f32>(beta + at));
      at += BYTES;
    }
    x += at, y += at, xHat += at, rstd += BYTES;
  }
}

/** x̄ [rows, n]: h = ȳ ⊙ γ without its mean and its component along x̂, times r. */
export function layerNormDx(dx: usize, dy: usize, xHat: usize, rstd: usize, gamma: usize, rows: i32, n: i32): void {
  assert(((dx | dy | xHat | rstd | gamma) & 3) == 0, "pointers must be 4-byte aligned");
  for (; rows > 0; rows--) {
    let ones = f32x4.splat(0), along = ones;
    let at: usize = 0, j = 0;
    for (; j + LANES <= n; j += LANES) {
      const h = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
      ones = f32x4.add(ones, h), along = f32x4.add(along, f32x4.mul(h, v128.load(xHat + at)));
      at += 16;
    }
    let sumOfH = across(ones), sumOfHHat = across(along);
    for (; j < n; j++) {
      const h = load<f32>(dy + at) * load<f32>(gamma + at);
      sumOfH += h, sumOfHHat += h * load<f32>(xHat + at);
      at += BYTES;
    }

    const alongOnes = sumOfH / <f32>n, alongXHat = sumOfHHat / <f32>n, r = load<f32>(rstd);
    const a = f32x4.splat(alongOnes), b = f32x4.splat(alongXHat), scale = f32x4.splat(r);
    at = 0;
    for (j = 0; j + LANES <= n; j += LANES) {
      const h = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
      v128.store(dx + at, f32x4.mul(f32x4.sub(f32x4.sub(h, a), f32x4.mul(v128.load(xHat + at), b)), scale));
      at += 16;
    }
    for (; j < n; j++) {
      const h = load<f32>(dy + at) * load<f32>(gamma + at);
      store<f32>(dx + at, (h - alongOnes - load<f32>(xHat + at) * alongXHat) * r);
      at += BYTES;
    }
    dx += at, dy += at, xHat += at, rstd += BYTES;
  }
}

/** γ̄ = Σ_rows ȳ ⊙ x̂ and β̄ = Σ_rows ȳ for n columns; rows are `ld` elements apart, and are summed in groups as in `sumColumns`. */
export function layerNormDParams(dGamma: usize, dBeta: usize, dy: usize, xHat: usize, rows: i32, n: i32, ld: i32): void {
  const length = <usize>ld * BYTES;
  let j = 0;
  for (; j + LANES <= n; j += LANES) {
    let at = <usize>j * BYTES;
    let gain = f32x4.splat(0), shift = gain;
    for (let r = 0; r < rows; ) {
      const end = min(r + GROUP, rows);
      let g = f32x4.splat(0), s = g;
      for (; r < end; r++) {
        const d = v128.load(dy + at);
        g = f32x4.add(g, f32x4.mul(d, v128.load(xHat + at))), s = f32x4.add(s, d);
        at += length;
      }
      gain = f32x4.add(gain, g), shift = f32x4.add(shift, s);
    }
    v128.store(dGamma + <usize>j * BYTES, gain), v128.store(dBeta + <usize>j * BYTES, shift);
  }
  for (; j < n; j++) {
    let at = <usize>j * BYTES;
    let gain: f32 = 0, shift: f32 = 0;
    for (let r = 0; r < rows; ) {
      const end = min(r + GROUP, rows);
      let g: f32 = 0, s: f32 = 0;
      for (; r < end; r++) {
        const d = load<f32>(dy + at);
        g += d * load<f32>(xHat + at), s += d;
        at += length;
      }
      gain += g, shift += s;
    }
    store<f32>(dGamma + <usize>j * BYTES, gain), store<f32>(dBeta + <usize>j * BYTES, shift);
  }
}
