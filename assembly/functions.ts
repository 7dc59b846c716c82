/**
 * Elementwise functions in f32: out[i] = f(x[i]) for i = 0 … n − 1. Pointers in bytes, 4-byte aligned; out may be x or dy. The loop takes two vectors
 * at a time, then one, then the last one to three elements in a vector that is filled up with zeros.
 */
import { erf, exp, exp2, gelu, geluSlope, log, normalCdf } from "./math";

const LANES: i32 = 4;
const BYTES: usize = 16;

/** Loads `count` elements (1 … 4) from `at` on, followed by zeros. Reads nothing beyond them. */
@inline
function read(at: usize, count: i32): v128 {
  if (count == LANES) return v128.load(at);
  let v = v128.load_zero<u32>(at);
  if (count > 1) v = v128.load_lane<u32>(at, v, 1, 4);
  if (count > 2) v = v128.load_lane<u32>(at, v, 2, 8);
  return v;
}

/** Stores the first `count` lanes (1 … 3). */
@inline
function write(at: usize, v: v128, count: i32): void {
  v128.store_lane<u32>(at, v, 0);
  if (count > 1) v128.store_lane<u32>(at, v, 1, 4);
  if (count > 2) v128.store_lane<u32>(at, v, 2, 8);
}

const enum Function {
  Exp,
  Exp2,
  Log,
  NormalCdf,
  Gelu,
  Erf,
  GeluVjp,
  Relu,
  ReluVjp,
}

/** f of `count` elements at x and, if f has a second argument, at y. */
@inline
function at(f: Function, x: usize, y: usize, count: i32): v128 {
  const v = read(x, count);
  if (f == Function.Exp) return exp(v);
  if (f == Function.Exp2) return exp2(v);
  if (f == Function.Log) return log(v);
  if (f == Function.NormalCdf) return normalCdf(v);
  if (f == Function.Gelu) return gelu(v);
  if (f == Function.Erf) return erf(v);
  if (f == Function.Relu) return v128.andnot(v, f32x4.le(v, f32x4.splat(0))); // NaN stays NaN
  if (f == Function.ReluVjp) return v128.and(read(y, count), f32x4.gt(v, f32x4.splat(0)));
  return f32x4.mul(read(y, count), geluSlope(v));
}

@inline
function each(f: Function, out: usize, x: usize, y: usize, n: i32): void {
  assert(((out | x | y) & 3) == 0, "pointers must be 4-byte aligned");
  for (; n >= 2 * LANES; n -= 2 * LANES) {
    const first = at(f, x, y, LANES), second = at(f, x + BYTES, y + BYTES, LANES);
    v128.store(out, first);
    v128.store(out, second, BYTES);
    out += 2 * BYTES, x += 2 * BYTES, y += 2 * BYTES;
  }
  if (n >= LANES) {
    v128.store(out, at(f, x, y, LANES));
    out += BYTES, x += BYTES, y += BYTES, n -= LANES;
  }
  if (n > 0) write(out, at(f, x, y, n), n);
}

/** out = eˣ */
export function expEach(out: usize, x: usize, n: i32): void {
  each(Function.Exp, out, x, x, n);
}

/** out = 2ˣ, x ≤ 0 */
export function exp2Each(out: usize, x: usize, n: i32): void {
  each(Function.Exp2, out, x, x, n);
}

/** out = log x, the natural logarithm */
export function logEach(out: usize, x: usize, n: i32): void {
  each(Function.Log, out, x, x, n);
}

/** out = Φ(x) */
export function normalCdfEach(out: usize, x: usize, n: i32): void {
  each(Function.NormalCdf, out, x, x, n);
}

/** out = x·Φ(x) */
export function geluEach(out: usize, x: usize, n: i32): void {
  each(Function.Gelu, out, x, x, n);
}

/** out = dy·(Φ(x) + x·φ(x)) */
export function geluVjpEach(out: usize, x: usize, dy: usize, n: i32): void {
  each(Function.GeluVjp, out, x, dy, n);
}

/** out = erf x */
export function erfEach(out: usize, x: usize, n: i32): void {
  each(Function.Erf, out, x, x, n);
}

/** out = x where x > 0, else 0 */
export function reluEach(out: usize, x: usize, n: i32): void {
  each(Function.Relu, out, x, x, n);
}

/** out = dy where y > 0, else 0, for the output y of ReLU */
export function reluVjpEach(out: usize, y: usize, dy: usize, n: i32): void {
  each(Function.ReluVjp, out, y, dy, n);
}
