/**
 * exp, log and the normal distribution in f32, in WGSL, whose own exp and log may have larger errors than the laws allow. Formulas and
 * coefficients are those of assembly/math.ts (fixtures/normal/make_f32_coefficients.py), highest power first.
 *
 * Rounding uses `round`, and tests for NaN and infinity use bits: a compiler may simplify (x + c) − c to x, as Metal's relaxed math does, and may
 * assume that no number is NaN. So nothing is a rounding error that is computed and added again, as in assembly/math.ts; numbers are split by bits
 * or by `fma`, which no algebra joins again.
 */
import { declare, type Declarations } from "../program.ts";

const number = (x: number): string => (Number.isInteger(x) ? `${x}.0` : `${x}`);

/** c₀ + c₁x + …, as nested multiplications and additions. */
const horner = (x: string, coefficients: readonly number[]): string =>
  coefficients.slice(1).reduce((sum, c) => `fma(${sum}, ${x}, ${number(c)})`, number(coefficients[0] ?? 0));

/** (e^r − 1 − r)/r² for |r| ≤ ln 2/2 */
const EXP_G = [0.0013745304, 0.008368945, 0.04166965, 0.16666518, 0.49999988];
/** (log(1 + f) − f + f²/2)/f³ for √½ ≤ 1 + f ≤ √2 */
const LOG_R = [0.06684156, -0.11655146, 0.11905413, -0.12409747, 0.14217563, -0.16667727, 0.20002227, -0.25000015, 0.3333331];
/** ½ e^(a²/2) erfc(a/√2) = N(a)/(2aN(a) + M(a)) for a ≥ 0 */
const TAIL_N = [0.006062615, 0.060234893, 0.27279228, 0.65475816, 0.75];
const TAIL_M = [0.0030713002, 0.030526953, 0.1531651, 0.48583588, 1.0063435, 1.5];

/** Bits of the f32 1. */
export const ONE_WORD = 0x3f800000;
/** Bits of an f32 that is NaN. */
export const NAN_WORD = 0x7fc00000;

/** `is_nan(x)`, by bits. */
export const nanTest: Declarations = declare(`
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
`);

/** `exp_of(x)`. It splits ln 2 in two: the first part has 16 bits, so its product with an integer of 8 bits is exact. */
export const exponential: Declarations = declare(
  `
var<private> infinity_bits: u32 = 0x7f800000u;

/** e^r - 1 for r = head + rest - n ln 2 */
fn expm1_of_rest(n: f32, head: f32, rest: f32) -> f32 {
  let r = fma(n, -0.693145751953125, head) + fma(n, -1.42860677e-6, rest);
  return fma(r * r, ${horner("r", EXP_G)}, r);
}
fn power_of_2(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }
/** x 2^n by two factors, as 2^n itself may overflow or be subnormal. */
fn scaled(x: f32, n: f32) -> f32 {
  let half = i32(n) >> 1u;
  return x * power_of_2(half) * power_of_2(i32(n) - half);
}
fn exp_of(x: f32) -> f32 {
  let inside = clamp(x, -176.0, 89.0);
  let n = round(inside * 1.44269502);
  return select(scaled(1.0 + expm1_of_rest(n, inside, 0.0), n), x, is_nan(x));
}
`,
  nanTest,
);

/** `log_of(x)`: x = 2ⁿ(1 + f), √½ ≤ 1 + f < √2; log x = n ln 2 + (f + f²(f R(f) − ½)). */
export const logarithm: Declarations = declare(
  `
fn log_of(x: f32) -> f32 {
  let subnormal = x < 1.17549435e-38;
  let bits = bitcast<u32>(select(x, x * 8388608.0, subnormal));
  let exponent = (bitcast<i32>(bits) - 0x3f3504f3) >> 23u;
  let n = f32(exponent - select(0, 23, subnormal));
  let f = bitcast<f32>(bits - (bitcast<u32>(exponent) << 23u)) - 1.0;
  let curved = f * f * fma(f, ${horner("f", LOG_R)}, -0.5);
  let finite = fma(n, 0.693145751953125, f + fma(n, 1.42860677e-6, curved));
  let usual = x > 0.0 && (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
  return select(select(sqrt(x), -bitcast<f32>(infinity_bits), x == 0.0), finite, usual);
}
`,
  exponential,
);

/** `normal_cdf(x)`, Φ; `gelu(x)`, x Φ(x); and `gelu_slope(x)`; from the lower tail Φ(−a) = e^(−a²/2) · tail(a) (E9, G11). */
export const normal: Declarations = declare(
  `
/** weight e^(-a²/2). It splits a = h + t with h² exact, to keep the rounding of a² out of the exponent. */
fn times_gaussian(weight: f32, a: f32) -> f32 {
  let h = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let head = -0.5 * h * h;
  let rest = -0.5 * (a - h) * (a + h);
  let n = round((head + rest) * 1.44269502);
  return scaled(fma(weight, expm1_of_rest(n, head, rest), weight), n);
}
fn tail_n(a: f32) -> f32 { return ${horner("a", TAIL_N)}; }
fn tail_denominator(a: f32, an: f32) -> f32 { return 2.0 * an + ${horner("a", TAIL_M)}; }
fn scaled_tail(a: f32) -> f32 {
  let n = tail_n(a);
  return n / tail_denominator(a, a * n);
}
fn magnitude(x: f32) -> f32 { return select(min(abs(x), 18.765625), x, is_nan(x)); }
fn by_side(x: f32, below: f32) -> f32 { return select(1.0 - below, below, x < 0.0); }
fn normal_cdf(x: f32) -> f32 {
  let a = magnitude(x);
  return by_side(x, times_gaussian(scaled_tail(a), a));
}
fn gelu(x: f32) -> f32 {
  let a = magnitude(x);
  let an = a * tail_n(a);
  return max(x, 0.0) - times_gaussian(an / tail_denominator(a, an), a);
}
fn gelu_slope(x: f32) -> f32 {
  let a = magnitude(x);
  return by_side(x, times_gaussian(scaled_tail(a) - a * 0.3989423, a));
}
`,
  exponential,
);
