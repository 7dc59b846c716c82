/**
 * Batch normalisation of images [B, C, n], n pixels a channel, and its vector–Jacobian product (G20); and that by running statistics. f32. A channel's
 * sums are taken image by image and added in f64, so they do not depend on the number of threads.
 */
import { dot, total } from "./reduce";

const BYTES: usize = 4;
const LANES: i32 = 4;

/** out = a·x + b of n pixels; a channel of one image. */
@inline
function affine(out: usize, x: usize, n: i32, a: f32, b: f32): void {
  const slope = f32x4.splat(a), shift = f32x4.splat(b);
  let at: usize = 0;
  for (; n >= LANES; n -= LANES) {
    v128.store(out + at, f32x4.add(f32x4.mul(v128.load(x + at), slope), shift));
    at += 16;
  }
  for (; n > 0; n--) {
    store<f32>(out + at, load<f32>(x + at) * a + b);
    at += BYTES;
  }
}

/** out = (x − mean)·r of n pixels. */
@inline
function standardise(out: usize, x: usize, n: i32, mean: f32, r: f32): void {
  const m = f32x4.splat(mean), scale = f32x4.splat(r);
  let at: usize = 0;
  for (; n >= LANES; n -= LANES) {
    v128.store(out + at, f32x4.mul(f32x4.sub(v128.load(x + at), m), scale));
    at += 16;
  }
  for (; n > 0; n--) {
    store<f32>(out + at, (load<f32>(x + at) - mean) * r);
    at += BYTES;
  }
}

/** Σ (x − mean)² of n pixels; `centred` is overwritten. */
@inline
function spread(centred: usize, x: usize, n: i32, mean: f32): f32 {
  standardise(centred, x, n, mean, 1);
  return dot(centred, centred, n);
}

/** y = γ·x̂ + β by running statistics, for planes first … first + count − 1 of all images; plane p belongs to channel p mod C. */
export function frozenBatchNorm(
  y: usize, x: usize, mean: usize, variance: usize, gamma: usize, beta: usize, first: i32, count: i32, C: i32, n: i32, eps: f32,
): void {
  const plane = <usize>n * BYTES;
  for (let p = first; p < first + count; p++) {
    const c = <usize>(p % C) * BYTES, at = <usize>p * plane;
    standardise(y + at, x + at, n, load<f32>(mean + c), 1 / Mathf.sqrt(load<f32>(variance + c) + eps));
    affine(y + at, y + at, n, load<f32>(gamma + c), load<f32>(beta + c));
  }
}

/** y, x̂ [B, C, n], r, the mean and the unbiased variance [C], for `count` channels from that of the pointers on. */
export function batchNorm(
  y: usize, xHat: usize, rstd: usize, mean: usize, variance: usize, x: usize, gamma: usize, beta: usize,
  count: i32, B: i32, C: i32, n: i32, eps: f32,
): void {
  const plane = <usize>n * BYTES, image = <usize>C * plane, all = <f64>B * <f64>n;
  for (let c: usize = 0; c < <usize>count; c++) {
    const from = c * plane, to = from + <usize>B * image, own = c * BYTES;
    let sum: f64 = 0, squares: f64 = 0;
    for (let at = from; at < to; at += image) sum += <f64>total(x + at, n);
    const m = <f32>(sum / all);
    for (let at = from; at < to; at += image) squares += <f64>spread(y + at, x + at, n, m);
    const r: f32 = 1 / Mathf.sqrt(<f32>(squares / all) + eps);
    store<f32>(rstd + own, r), store<f32>(mean + own, m), store<f32>(variance + own, <f32>(squares / (all - 1)));
    for (let at = from; at < to; at += image) {
      standardise(xHat + at, x + at, n, m, r);
      affine(y + at, xHat + at, n, load<f32>(gamma + own), load<f32>(beta + own));
    }
  }
}

/** x̄ [B, C, n], γ̄ and β̄ [C], for `count` channels. With h = γ·ȳ: x̄ = r(h − mean(h) − x̂ mean(h ⊙ x̂)). */
export function batchNormVjp(
  dx: usize, dGamma: usize, dBeta: usize, dy: usize, xHat: usize, rstd: usize, gamma: usize, count: i32, B: i32, C: i32, n: i32,
): void {
  const plane = <usize>n * BYTES, image = <usize>C * plane, all = <f64>B * <f64>n;
  for (let c: usize = 0; c < <usize>count; c++) {
    const from = c * plane, to = from + <usize>B * image, own = c * BYTES;
    let sum: f64 = 0, along: f64 = 0;
    for (let at = from; at < to; at += image) sum += <f64>total(dy + at, n), along += <f64>dot(dy + at, xHat + at, n);
    store<f32>(dBeta + own, <f32>sum), store<f32>(dGamma + own, <f32>along);
    const g = load<f32>(gamma + own), r = load<f32>(rstd + own);
    const ones = <f32>(<f64>g * sum / all), hats = <f32>(<f64>g * along / all);
    for (let at = from; at < to; at += image) centreAlong(dx + at, dy + at, xHat + at, n, g, ones, hats, r);
  }
}

/** out = r(g·ȳ − ones − hats·x̂) of n pixels. */
@inline
function centreAlong(out: usize, dy: usize, xHat: usize, n: i32, g: f32, ones: f32, hats: f32, r: f32): void {
  const gain = f32x4.splat(g), o = f32x4.splat(ones), h = f32x4.splat(hats), scale = f32x4.splat(r);
  let at: usize = 0;
  for (; n >= LANES; n -= LANES) {
    const centred = f32x4.sub(f32x4.mul(v128.load(dy + at), gain), o);
    v128.store(out + at, f32x4.mul(f32x4.sub(centred, f32x4.mul(v128.load(xHat + at), h)), scale));
    at += 16;
  }
  for (; n > 0; n--) {
    store<f32>(out + at, (load<f32>(dy + at) * g - ones - load<f32>(xHat + at) * hats) * r);
    at += BYTES;
  }
}
