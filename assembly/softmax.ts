/** Softmax and log-softmax over rows (E18), and their vector–Jacobian products (G2), (G3). f32. The maximum of a row is subtracted first. */
import { exp, log } from "./math";
import { across, dot, largest, total } from "./reduce";

const BYTES: usize = 4;
const LANES: i32 = 4;

/** out = e^(scale·(x − most)) for a row of n; returns its sum. out may be x. */
function exponentials(out: usize, x: usize, n: i32, most: f32, scale: f32): f32 {
  const m = f32x4.splat(most), s = f32x4.splat(scale);
  let s0 = f32x4.splat(0), s1 = s0;
  for (; n >= 2 * LANES; n -= 2 * LANES) {
    const e0 = exp(f32x4.mul(f32x4.sub(v128.load(x), m), s)), e1 = exp(f32x4.mul(f32x4.sub(v128.load(x, 16), m), s));
    v128.store(out, e0), v128.store(out, e1, 16);
    s0 = f32x4.add(s0, e0), s1 = f32x4.add(s1, e1);
    x += 32, out += 32;
  }
  if (n >= LANES) {
    const e = exp(f32x4.mul(f32x4.sub(v128.load(x), m), s));
    v128.store(out, e);
    s0 = f32x4.add(s0, e);
    x += 16, out += 16, n -= LANES;
  }
  let sum = across(f32x4.add(s0, s1));
  for (; n > 0; n--) {
    const e = exp(f32x4.mul(f32x4.sub(v128.load32_splat(x), m), s));
    v128.store_lane<f32>(out, e, 0);
    sum += f32x4.extract_lane(e, 0);
    x += BYTES, out += BYTES;
  }
  return sum;
}

/** x ← factor·x for a row of n. */
function scaled(x: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; n >= LANES; n -= LANES) {
    v128.store(x, f32x4.mul(v128.load(x), f));
    x += 16;
  }
  for (; n > 0; n--) {
    store<f32>(x, load<f32>(x) * factor);
    x += BYTES;
  }
}

/** out = σ(scale·z), rows of n, scale > 0; out may be z. */
export function softmax(out: usize, z: usize, rows: i32, n: i32, scale: f32): void {
  assert(((out | z) & 3) == 0, "pointers must be 4-byte aligned");
  const row = <usize>n * BYTES;
  for (; rows > 0; rows--) {
    scaled(out, n, 1 / exponentials(out, z, n, largest(z, n), scale));
    out += row, z += row;
  }
}

/** z̄ = scale · s ⊙ (s̄ − ⟨s̄, s⟩), rows of n; dz may be ds (G2). */
export function softmaxVjp(dz: usize, s: usize, ds: usize, rows: i32, n: i32, scale: f32): void {
  for (; rows > 0; rows--) {
    const along = dot(ds, s, n);
    const a = f32x4.splat(along), f = f32x4.splat(scale);
    let at: usize = 0, j = 0;
    for (; j + LANES <= n; j += LANES) {
      v128.store(dz + at, f32x4.mul(f32x4.mul(v128.load(s + at), f32x4.sub(v128.load(ds + at), a)), f));
      at += 16;
    }
    for (; j < n; j++) {
      store<f32>(dz + at, load<f32>(s + at) * (load<f32>(ds + at) - along) * scale);
      at += BYTES;
    }
    dz += at, s += at, ds += at;
  }
}

/** out = x − a − b for a row of n. Two subtractions, because a may be far larger than the result. */
function shifted(out: usize, x: usize, n: i32, a: f32, b: f32): void {
  const u = f32x4.splat(a), v = f32x4.splat(b);
  for (; n >= LANES; n -= LANES) {
    v128.store(out, f32x4.sub(f32x4.sub(v128.load(x), u), v));
    x += 16, out += 16;
  }
  for (; n > 0; n--) {
    store<f32>(out, load<f32>(x) - a - b);
    x += BYTES, out += BYTES;
  }
}

/** out = ℓ(z) = z − max z − log Σ e^(z − max z), rows of n (E18); not in place. */
export function logSoftmax(out: usize, z: usize, rows: i32, n: i32): void {
  assert(out != z, "logSoftmax: not in place");
  const row = <usize>n * BYTES;
  for (; rows > 0; rows--) {
    const most = largest(z, n);
    const logSum = f32x4.extract_lane(log(f32x4.splat(exponentials(out, z, n, most, 1))), 0);
    shifted(out, z, n, most, logSum);
    out += row, z += row;
  }
}

/** z̄ = ℓ̄ − σ(z) Σ ℓ̄ with σ(z) = e^ℓ, rows of n (G3). */
export function logSoftmaxVjp(dz: usize, logProbs: usize, dLogProbs: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--) {
    const sum = total(dLogProbs, n), s = f32x4.splat(sum);
    let at: usize = 0, j = 0;
    for (; j + LANES <= n; j += LANES) {
      v128.store(dz + at, f32x4.sub(v128.load(dLogProbs + at), f32x4.mul(exp(v128.load(logProbs + at)), s)));
      at += 16;
    }
    for (; j < n; j++) {
      const p = f32x4.extract_lane(exp(v128.load32_splat(logProbs + at)), 0);
      store<f32>(dz + at, load<f32>(dLogProbs + at) - p * sum);
      at += BYTES;
    }
    dz += at, logProbs += at, dLogProbs += at;
  }
}
