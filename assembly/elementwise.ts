/**
 * Elementwise kernels. f32, four lanes at a time, then the remainder one by one. Pointers in bytes; `out` may be an input.
 *
 * A binary kernel goes through `rows` rows of `n` elements of `out`. An operand of the same size has a row for each of them (`Operand.Whole`); a
 * smaller one has either one row for all (`Operand.Row`: [D] over [B, T, D]) or one number per row (`Operand.Number`: [..., 1] over [..., D]).
 */

const LANES: i32 = 4;
const BYTES: usize = 4;

/** What an operand has for the rows of the output. */
export const enum Operand {
  Whole,
  Row,
  Number,
}

const enum Arithmetic {
  Add,
  Sub,
  Mul,
  Div,
}

@inline
function vector(op: Arithmetic, a: v128, b: v128): v128 {
  if (op == Arithmetic.Add) return f32x4.add(a, b);
  if (op == Arithmetic.Sub) return f32x4.sub(a, b);
  if (op == Arithmetic.Mul) return f32x4.mul(a, b);
  return f32x4.div(a, b);
}

@inline
function single(op: Arithmetic, a: f32, b: f32): f32 {
  if (op == Arithmetic.Add) return a + b;
  if (op == Arithmetic.Sub) return a - b;
  if (op == Arithmetic.Mul) return a * b;
  return a / b;
}

/** Four lanes of an operand. */
@inline
function lanes(kind: Operand, at: usize): v128 {
  return kind == Operand.Number ? v128.load32_splat(at) : v128.load(at);
}

@inline
function binary(op: Arithmetic, out: usize, a: usize, b: usize, rows: i32, n: i32, kindOfA: Operand, kindOfB: Operand): void {
  assert(((out | a | b) & 3) == 0, "pointers must be 4-byte aligned");
  const length = <usize>n * BYTES;
  const rowOfA: usize = kindOfA == Operand.Whole ? length : kindOfA == Operand.Number ? BYTES : 0;
  const rowOfB: usize = kindOfB == Operand.Whole ? length : kindOfB == Operand.Number ? BYTES : 0;
  const stepOfA: usize = kindOfA == Operand.Number ? 0 : BYTES, stepOfB: usize = kindOfB == Operand.Number ? 0 : BYTES;
  for (; rows > 0; rows--) {
    let x = a, y = b, i = 0;
    for (; i + LANES <= n; i += LANES) {
      v128.store(out, vector(op, lanes(kindOfA, x), lanes(kindOfB, y)));
      out += 16, x += 4 * stepOfA, y += 4 * stepOfB;
    }
    for (; i < n; i++) {
      store<f32>(out, single(op, load<f32>(x), load<f32>(y)));
      out += BYTES, x += stepOfA, y += stepOfB;
    }
    a += rowOfA, b += rowOfB;
  }
}

/** out = a + b. The kinds are values of `Operand`. */
export function add(out: usize, a: usize, b: usize, rows: i32, n: i32, kindOfA: i32, kindOfB: i32): void {
  binary(Arithmetic.Add, out, a, b, rows, n, kindOfA, kindOfB);
}

/** out = a − b */
export function sub(out: usize, a: usize, b: usize, rows: i32, n: i32, kindOfA: i32, kindOfB: i32): void {
  binary(Arithmetic.Sub, out, a, b, rows, n, kindOfA, kindOfB);
}

/** out = a ⊙ b */
export function mul(out: usize, a: usize, b: usize, rows: i32, n: i32, kindOfA: i32, kindOfB: i32): void {
  binary(Arithmetic.Mul, out, a, b, rows, n, kindOfA, kindOfB);
}

/** out = a / b */
export function div(out: usize, a: usize, b: usize, rows: i32, n: i32, kindOfA: i32, kindOfB: i32): void {
  binary(Arithmetic.Div, out, a, b, rows, n, kindOfA, kindOfB);
}

const enum Map {
  Scale,
  AddScalar,
  Square,
  Sqrt,
  Rsqrt,
  Step,
  IsFinite,
}

/** Exponent bits of f32; only NaN and the infinities have all of them set. */
export const EXPONENT: i32 = 0x7f800000;

@inline
function mapped(map: Map, x: v128, scalar: v128): v128 {
  const one = f32x4.splat(1);
  if (map == Map.Scale) return f32x4.mul(x, scalar);
  if (map == Map.AddScalar) return f32x4.add(x, scalar);
  if (map == Map.Square) return f32x4.mul(x, x);
  if (map == Map.Sqrt) return f32x4.sqrt(x);
  if (map == Map.Rsqrt) return f32x4.div(one, f32x4.sqrt(x));
  if (map == Map.IsFinite) return v128.and(i32x4.ne(v128.and(x, i32x4.splat(EXPONENT)), i32x4.splat(EXPONENT)), one);
  return v128.and(f32x4.ge(x, f32x4.splat(0)), one);
}

@inline
function map(map: Map, out: usize, x: usize, n: i32, scalar: f32): void {
  assert(((out | x) & 3) == 0, "pointers must be 4-byte aligned");
  const s = f32x4.splat(scalar);
  for (; n >= LANES; n -= LANES) {
    v128.store(out, mapped(map, v128.load(x), s));
    out += 16, x += 16;
  }
  for (; n > 0; n--) {
    v128.store_lane<f32>(out, mapped(map, v128.load32_splat(x), s), 0);
    out += BYTES, x += BYTES;
  }
}

/** out = factor · x */
export function scale(out: usize, x: usize, n: i32, factor: f32): void {
  map(Map.Scale, out, x, n, factor);
}

/** out = x + term */
export function addScalar(out: usize, x: usize, n: i32, term: f32): void {
  map(Map.AddScalar, out, x, n, term);
}

/** out = x² */
export function square(out: usize, x: usize, n: i32): void {
  map(Map.Square, out, x, n, 0);
}

/** out = √x */
export function sqrt(out: usize, x: usize, n: i32): void {
  map(Map.Sqrt, out, x, n, 0);
}

/** out = 1/√x */
export function rsqrt(out: usize, x: usize, n: i32): void {
  map(Map.Rsqrt, out, x, n, 0);
}

/** out = 1 where x ≥ 0, else 0 */
export function step(out: usize, x: usize, n: i32): void {
  map(Map.Step, out, x, n, 0);
}

/** out = 1 where x is neither NaN nor infinite, else 0 */
export function isFinite(out: usize, x: usize, n: i32): void {
  map(Map.IsFinite, out, x, n, 0);
}

/** out = a where the condition is not 0, else b. The condition is `Operand.Whole`, or `Operand.Number` for one number in all. */
export function where(out: usize, condition: usize, a: usize, b: usize, n: i32, kind: i32): void {
  assert(((out | condition | a | b) & 3) == 0, "pointers must be 4-byte aligned");
  const zero = f32x4.splat(0), step: usize = kind == Operand.Number ? 0 : BYTES;
  for (; n >= LANES; n -= LANES) {
    v128.store(out, v128.bitselect(v128.load(a), v128.load(b), f32x4.ne(lanes(kind, condition), zero)));
    out += 16, condition += 4 * step, a += 16, b += 16;
  }
  for (; n > 0; n--) {
    store<i32>(out, load<f32>(condition) != 0 ? load<i32>(a) : load<i32>(b));
    out += BYTES, condition += step, a += BYTES, b += BYTES;
  }
}
