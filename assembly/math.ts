/**
 * exp, log and the normal distribution in f32, four lanes at a time. All functions are inlined: a call would cost more than the arithmetic.
 *
 * Constants are in memory and loaded where they are used, because some compilers build the splat of a literal again in each iteration of a loop.
 * Coefficients come from fixtures/normal/make_f32_coefficients.py, here with the highest power first; src/engines/webgpu/kernels/math.ts has the
 * same ones, and a spec compares them. Errors are in units in the last place (ulp). pmin and pmax return a NaN in their first argument.
 */
import { madd } from "./gemm/vectors";

const ONE: usize = memory.data<f32>([1]);
const MINUS_ONE: usize = memory.data<f32>([-1]);
const MINUS_HALF: usize = memory.data<f32>([-0.5]);
const SQRT_2: usize = memory.data<f32>([1.41421354]);
const SMALLEST_NORMAL: usize = memory.data<f32>([1.17549435e-38]);
const INFINITY: usize = memory.data<f32>([f32.POSITIVE_INFINITY]);

const INVERSE_LN_2: usize = memory.data<f32>([1.44269502]);
/** ln 2 = LN_2_HIGH − LN_2_EXCESS. The first has 16 bits, so that its product with an integer of 8 bits is exact. */
const LN_2_HIGH: usize = memory.data<f32>([0.693145751953125]);
const LN_2_EXCESS: usize = memory.data<f32>([-1.42860677e-6]);

/** 1.5·2²³ + 254. Adding it to |x| < 2²² rounds x to an integer n, and the last 9 bits of the sum are n + 254. */
const ROUNDER: usize = memory.data<f32>([12583166]);
/** e^x overflows above about 88.7 and is 0 below about −104; below −254·ln 2 its factors 2^⌊n/2⌋ and 2^⌈n/2⌉ are 0 as well. */
const EXP_LARGEST: usize = memory.data<f32>([89]);
const EXP_LEAST: usize = memory.data<f32>([-176]);
/** The x with x²/2 = 176, and the z with z² = 176, rounded. */
const NORMAL_FAR: usize = memory.data<f32>([18.765625]);
const ERF_FAR: usize = memory.data<f32>([13.265625]);

/** 1.5·2²³ + 127: like ROUNDER, but the last 9 bits of the sum are n + 127, the exponent field of 2ⁿ. */
const EXPONENT_ROUNDER: usize = memory.data<f32>([12583039]);
/** Here n + 127 is 0, and a number with this exponent field is 0. */
const EXP2_LEAST: usize = memory.data<f32>([-127]);

/** (e^r − 1 − r)/r² for |r| ≤ ln 2/2 */
const EXP_G: usize = memory.data<f32>([0.0013745304, 0.008368945, 0.04166965, 0.16666518, 0.49999988]);
/** 2^f for |f| ≤ ½ */
const EXP2_T: usize = memory.data<f32>([0.0013228907, 0.0096717, 0.05550857, 0.24022238, 0.6931469, 1]);
/** (log(1 + f) − f + f²/2)/f³ for √½ ≤ 1 + f ≤ √2 */
const LOG_R: usize = memory.data<f32>([
  0.06684156, -0.11655146, 0.11905413, -0.12409747, 0.14217563, -0.16667727, 0.20002227, -0.25000015, 0.3333331,
]);
/** ½ e^(a²/2) erfc(a/√2) = N(a)/(2aN(a) + M(a)) for a ≥ 0. All coefficients are positive; errors of N and M matter less as a grows. */
const TAIL_N: usize = memory.data<f32>([0.006062615, 0.060234893, 0.27279228, 0.65475816, 0.75]);
const TAIL_M: usize = memory.data<f32>([0.0030713002, 0.030526953, 0.1531651, 0.48583588, 1.0063435, 1.5]);
/** erf(z)/z − 1 = P(z²) for |z| ≤ 1 */
const ERF_P: usize = memory.data<f32>([7.842288e-5, -0.0008006793, 0.0051879627, -0.026853643, 0.112835824, -0.37612626, 0.12837917]);
/** 1/√(2π) */
const DENSITY_AT_0: usize = memory.data<f32>([0.3989423]);

const MANTISSA_BITS: i32 = 23;
/** 2^MANTISSA_BITS makes every subnormal f32 normal. */
const SUBNORMAL_SCALE: usize = memory.data<f32>([8388608]);
const SQRT_HALF_BITS: usize = memory.data<u32>([0x3f3504f3]);
const SIGN: usize = memory.data<u32>([0x80000000]);
/** Mask of the sign, the exponent and 12 of the 24 significant bits of an f32: the square of a masked number is exact. */
const UPPER_HALF: usize = memory.data<u32>([0xfffff000]);

/** The 32-bit word at `constant`, in every lane. */
@inline
function all(constant: usize): v128 {
  return v128.load_splat<u32>(constant);
}

/** c₀ + c₁x + … + c_degree x^degree */
@inline
function polynomial(x: v128, coefficients: usize, degree: i32): v128 {
  let sum = all(coefficients);
  if (degree >= 1) sum = madd(all(coefficients + 4), sum, x);
  if (degree >= 2) sum = madd(all(coefficients + 8), sum, x);
  if (degree >= 3) sum = madd(all(coefficients + 12), sum, x);
  if (degree >= 4) sum = madd(all(coefficients + 16), sum, x);
  if (degree >= 5) sum = madd(all(coefficients + 20), sum, x);
  if (degree >= 6) sum = madd(all(coefficients + 24), sum, x);
  if (degree >= 7) sum = madd(all(coefficients + 28), sum, x);
  if (degree >= 8) sum = madd(all(coefficients + 32), sum, x);
  return sum;
}

/** The integer n nearest to x/ln 2, plus ROUNDER; |x| ≤ 176. */
@inline
function biasedExponent(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, all(INVERSE_LN_2)), all(ROUNDER));
}

/** e^r − 1 = r + r²g(r) for r = head + rest − n ln 2, with n from `biased` and a small rest. The rounding error of r is added to r²g. */
@inline
function expm1OfRest(biased: v128, head: v128, rest: v128): v128 {
  const n = f32x4.sub(biased, all(ROUNDER));
  const high = f32x4.sub(head, f32x4.mul(n, all(LN_2_HIGH)));
  const low = f32x4.add(f32x4.mul(n, all(LN_2_EXCESS)), rest);
  const r = f32x4.add(high, low);
  const lost = f32x4.sub(low, f32x4.sub(r, high));
  return f32x4.add(r, f32x4.add(f32x4.mul(f32x4.mul(r, r), polynomial(r, EXP_G, 4)), lost));
}

/** x·2ⁿ as x · 2^⌊n/2⌋ · 2^⌈n/2⌉ with n from `biased`, so that only the last product overflows or becomes subnormal. */
@inline
function scaled(x: v128, biased: v128): v128 {
  const half = i32x4.shr_u(biased, 1);
  const low = i32x4.shl(half, MANTISSA_BITS);
  const high = i32x4.shl(i32x4.sub(biased, half), MANTISSA_BITS);
  return f32x4.mul(f32x4.mul(x, low), high);
}

/** e^x. At most 1 ulp (0.89 found); e^0 = 1 exactly; subnormal results are rounded, not flushed; overflow gives ∞. */
@inline
export function exp(x: v128): v128 {
  const inside = f32x4.pmax(f32x4.pmin(x, all(EXP_LARGEST)), all(EXP_LEAST));
  const biased = biasedExponent(inside);
  return scaled(f32x4.add(all(ONE), expm1OfRest(biased, inside, f32x4.splat(0))), biased);
}

/**
 * 2^x for x up to 0 or a little more, as softmax needs it: at most 3 ulp (2.34 found), 2^0 = 1 exactly, and 0 for x ≤ −126.5, where 2^x is
 * hardly a normal number. It has half of the operations of `exp`, and pairs of its terms are computed independently.
 */
@inline
export function exp2(x: v128): v128 {
  const inside = f32x4.pmax(x, all(EXP2_LEAST));
  const biased = f32x4.add(inside, all(EXPONENT_ROUNDER));
  const f = f32x4.sub(inside, f32x4.sub(biased, all(EXPONENT_ROUNDER))), ff = f32x4.mul(f, f);
  const high = f32x4.add(polynomial(f, EXP2_T + 8, 1), f32x4.mul(ff, polynomial(f, EXP2_T, 1)));
  const sum = f32x4.add(polynomial(f, EXP2_T + 16, 1), f32x4.mul(ff, high));
  return f32x4.mul(sum, i32x4.shl(biased, MANTISSA_BITS));
}

/**
 * The natural logarithm, with x = 2ⁿ(1 + f), √½ ≤ 1 + f < √2:
 *
 *   log x = n ln 2 + (f + f²(f R(f) − ½))
 *
 * At most 1 ulp (0.90 found) for every x > 0, subnormal or not; log 1 = 0 exactly. log 0 = −∞;
 * for x = ∞, x < 0 and NaN the result is √x, which is ∞ or NaN as log x is.
 */
@inline
export function log(x: v128): v128 {
  const subnormal = f32x4.lt(x, all(SMALLEST_NORMAL));
  const normal = v128.bitselect(f32x4.mul(x, all(SUBNORMAL_SCALE)), x, subnormal);
  const exponent = i32x4.shr_s(i32x4.sub(normal, all(SQRT_HALF_BITS)), MANTISSA_BITS);
  const n = f32x4.convert_i32x4_s(i32x4.sub(exponent, v128.and(subnormal, i32x4.splat(MANTISSA_BITS))));
  const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, MANTISSA_BITS)), all(ONE));
  const curved = f32x4.mul(f32x4.mul(f, f), f32x4.add(f32x4.mul(f, polynomial(f, LOG_R, 8)), all(MINUS_HALF)));
  const rest = f32x4.add(f, f32x4.sub(curved, f32x4.mul(n, all(LN_2_EXCESS))));
  const finite = f32x4.add(f32x4.mul(n, all(LN_2_HIGH)), rest);
  const edge = v128.bitselect(f32x4.neg(all(INFINITY)), f32x4.sqrt(x), f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(finite, edge, v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, all(INFINITY))));
}

/**
 * weight · e^(share·a²). The rounding error of a² does not enter the exponent: a = h + t, h² is exact, and a² = h² + t(a + h). The weight w enters as
 * w + w(e^r − 1), whose rounding error is smaller than that of w·e^r.
 */
@inline
function timesGaussian(weight: v128, a: v128, share: v128): v128 {
  const h = v128.and(a, all(UPPER_HALF));
  const head = f32x4.mul(f32x4.mul(h, h), share);
  const rest = f32x4.mul(f32x4.mul(f32x4.sub(a, h), f32x4.add(a, h)), share);
  const biased = biasedExponent(f32x4.add(head, rest));
  return scaled(f32x4.add(weight, f32x4.mul(weight, expm1OfRest(biased, head, rest))), biased);
}

/** 2aN(a) + M(a) from a·N(a) */
@inline
function tailDenominator(a: v128, an: v128): v128 {
  return f32x4.add(f32x4.add(an, an), polynomial(a, TAIL_M, 5));
}

/** ½ e^(a²/2) erfc(a/√2) for a ≥ 0: the lower tail Φ(−a) without its e^(−a²/2). */
@inline
function scaledTail(a: v128): v128 {
  const n = polynomial(a, TAIL_N, 4);
  return f32x4.div(n, tailDenominator(a, f32x4.mul(a, n)));
}

/** min(|x|, far) */
@inline
function magnitude(x: v128, far: usize): v128 {
  return f32x4.pmin(f32x4.abs(x), all(far));
}

/** `below` where x is negative, 1 − below elsewhere. */
@inline
function bySide(x: v128, below: v128): v128 {
  return v128.bitselect(below, f32x4.sub(all(ONE), below), i32x4.shr_s(x, 31));
}

/** Φ(x) = ½(1 + erf(x/√2)). At most 4 ulp (3.8 found), in the lower tail too; subnormal results are rounded, not flushed. Φ(0) = ½ exactly. */
@inline
export function normalCdf(x: v128): v128 {
  const a = magnitude(x, NORMAL_FAR);
  return bySide(x, timesGaussian(scaledTail(a), a, all(MINUS_HALF)));
}

/** x·Φ(x) = max(x, 0) − a·Φ(−a), a = |x|. At most 4 ulp (3.9 found); 0 for x = −∞. */
@inline
export function gelu(x: v128): v128 {
  const a = magnitude(x, NORMAL_FAR);
  const an = f32x4.mul(a, polynomial(a, TAIL_N, 4));
  const below = timesGaussian(f32x4.div(an, tailDenominator(a, an)), a, all(MINUS_HALF));
  return f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), below);
}

/** Φ(x) + x·φ(x), φ(x) = e^(−x²/2)/√(2π) (G11). At x = −a: e^(−a²/2)(scaledTail(a) − a/√(2π)). Error below 2e-7. */
@inline
export function geluSlope(x: v128): v128 {
  const a = magnitude(x, NORMAL_FAR);
  const weight = f32x4.sub(scaledTail(a), f32x4.mul(a, all(DENSITY_AT_0)));
  return bySide(x, timesGaussian(weight, a, all(MINUS_HALF)));
}

/** erf(z) = z + z·P(z²) for |z| < 1, elsewhere ±(1 − 2Φ(−|z|√2)). At most 2 ulp (1.25 found). */
@inline
export function erf(z: v128): v128 {
  const a = magnitude(z, ERF_FAR);
  const tail = timesGaussian(scaledTail(f32x4.mul(a, all(SQRT_2))), a, all(MINUS_ONE));
  const large = f32x4.sub(all(ONE), f32x4.add(tail, tail));
  const small = f32x4.add(a, f32x4.mul(a, polynomial(f32x4.mul(a, a), ERF_P, 6)));
  return v128.or(v128.bitselect(small, large, f32x4.lt(a, all(ONE))), v128.and(z, all(SIGN)));
}
