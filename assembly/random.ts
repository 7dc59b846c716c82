/**
 * Uniform draws on [0, 1) by a counter-based generator (Philox 4×32-10; Salmon et al. 2011), four blocks of four words at a time. Draw i is word
 * i mod 4 of block ⌊i/4⌋ of the key, with its upper 24 bits as a fraction. Bitwise identical to src/tensor/key.ts.
 */
import { scratch } from "./scratch";

const ROUNDS: i32 = 10;
const MULTIPLIER_0: i32 = 0xd2511f53;
const MULTIPLIER_1: i32 = 0xcd9e8d57;
const WEYL_0: i32 = 0x9e3779b9;
const WEYL_1: i32 = 0xbb67ae85;

/** Draws that are made together. */
const BATCH: i32 = 16;

/** The upper 32 bits of the unsigned products of four words. */
@inline
function high(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 1, 3, 5, 7);
}

/** The lower 32 bits of the same. */
@inline
function low(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 0, 2, 4, 6);
}

/** The upper 24 bits of each word, as a fraction. */
@inline
function fraction(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(<f32>5.9604644775390625e-8)); // 2⁻²⁴
}

/** The 16 draws of blocks `block` … `block` + 3. */
function draw16(out: usize, block: i32, key0: i32, key1: i32): void {
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(0), c2 = c1, c3 = c1;
  const m0 = i32x4.splat(MULTIPLIER_0), m1 = i32x4.splat(MULTIPLIER_1);
  for (let round = 0; round < ROUNDS; round++) {
    const even0 = i64x2.extmul_low_i32x4_u(c0, m0), odd0 = i64x2.extmul_high_i32x4_u(c0, m0);
    const even1 = i64x2.extmul_low_i32x4_u(c2, m1), odd1 = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(high(even1, odd1), c1), i32x4.splat(key0));
    c2 = v128.xor(v128.xor(high(even0, odd0), c3), i32x4.splat(key1));
    c1 = low(even1, odd1), c3 = low(even0, odd0);
    key0 += WEYL_0, key1 += WEYL_1;
  }
  const low01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
  v128.store(out, fraction(v128.shuffle<i32>(low01, low23, 0, 1, 4, 5)));
  v128.store(out, fraction(v128.shuffle<i32>(low01, low23, 2, 3, 6, 7)), 16);
  v128.store(out, fraction(v128.shuffle<i32>(high01, high23, 0, 1, 4, 5)), 32);
  v128.store(out, fraction(v128.shuffle<i32>(high01, high23, 2, 3, 6, 7)), 48);
}

/** out[i] = draw i of the key with these two words, for i = 0 … n − 1. */
export function uniform(out: usize, n: i32, key0: i32, key1: i32): void {
  let i = 0;
  for (; i + BATCH <= n; i += BATCH) draw16(out + <usize>i * 4, i / 4, key0, key1);
  if (i == n) return;
  draw16(scratch, i / 4, key0, key1);
  memory.copy(out + <usize>i * 4, scratch, <usize>(n - i) * 4);
}
