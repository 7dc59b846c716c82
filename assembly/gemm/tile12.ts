/**
 * The innermost part of a matrix product: a tile of C, 3, 2 or 1 rows × 12 columns, summed in registers.
 *
 *   C[i, j] (+)= start[j] + Σ_p A[i, p] B[p, j]          j < 12, p < depth
 *
 * A's rows lie `lda` bytes apart; 12 columns of B are a panel, packed as [depth][12], so that it is read as it lies.
 *
 * Why it looks like this (docs/performance.md). 3 × 12 has 9 sums in registers, and 6 loads for 18 operations: larger tiles spill, smaller
 * ones load more. Each step ends with a way out, and the large tile has one more in its middle that is never taken: without them the
 * compiler hoists the loads of the next steps above this step's arithmetic, and spills. They also make any depth right without a remainder
 * loop. Eight steps a turn, because moving four pointers has its price too. Whether C is written or added to is asked once a tile: asked
 * once a vector it costs 3 %.
 */
import { plus, raise } from "./vectors";

const STEPS: usize = 8;
const BYTES: usize = 4;

/** `tiles` tiles of 3 × 12, one below the other. */
export function tiles3x12(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, tiles: i32, accumulate: bool): void {
  for (; tiles > 0; tiles--) {
    let a0 = a, a1 = a0 + lda, a2 = a1 + lda, b = panel, k = depth;
    let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32), c10 = c00, c11 = c01, c12 = c02, c20 = c00, c21 = c01, c22 = c02;
    while (true) {
      let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
      let x = v128.load_splat<f32>(a0); c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -1) break;
      x = v128.load_splat<f32>(a2), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 48), b1 = v128.load(b, 64), b2 = v128.load(b, 80);
      x = v128.load_splat<f32>(a0, 4), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 4), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -2) break;
      x = v128.load_splat<f32>(a2, 4), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 96), b1 = v128.load(b, 112), b2 = v128.load(b, 128);
      x = v128.load_splat<f32>(a0, 8), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 8), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -3) break;
      x = v128.load_splat<f32>(a2, 8), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 144), b1 = v128.load(b, 160), b2 = v128.load(b, 176);
      x = v128.load_splat<f32>(a0, 12), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 12), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -4) break;
      x = v128.load_splat<f32>(a2, 12), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 192), b1 = v128.load(b, 208), b2 = v128.load(b, 224);
      x = v128.load_splat<f32>(a0, 16), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 16), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -5) break;
      x = v128.load_splat<f32>(a2, 16), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 240), b1 = v128.load(b, 256), b2 = v128.load(b, 272);
      x = v128.load_splat<f32>(a0, 20), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 20), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -6) break;
      x = v128.load_splat<f32>(a2, 20), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 288), b1 = v128.load(b, 304), b2 = v128.load(b, 320);
      x = v128.load_splat<f32>(a0, 24), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 24), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -7) break;
      x = v128.load_splat<f32>(a2, 24), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 336), b1 = v128.load(b, 352), b2 = v128.load(b, 368);
      x = v128.load_splat<f32>(a0, 28), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
      x = v128.load_splat<f32>(a1, 28), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
      if (depth == -8) break;
      x = v128.load_splat<f32>(a2, 28), c20 = plus(c20, x, b0), c21 = plus(c21, x, b1), c22 = plus(c22, x, b2);
      if (--k == 0) break;

      a0 += STEPS * BYTES, a1 += STEPS * BYTES, a2 += STEPS * BYTES, b += STEPS * 48;
    }
    if (accumulate) {
      raise(c, c00), raise(c + 16, c01), raise(c + 32, c02);
      raise(c + ldc, c10), raise(c + ldc + 16, c11), raise(c + ldc + 32, c12);
      raise(c + 2 * ldc, c20), raise(c + 2 * ldc + 16, c21), raise(c + 2 * ldc + 32, c22);
    } else {
      v128.store(c, c00), v128.store(c + 16, c01), v128.store(c + 32, c02);
      v128.store(c + ldc, c10), v128.store(c + ldc + 16, c11), v128.store(c + ldc + 32, c12);
      v128.store(c + 2 * ldc, c20), v128.store(c + 2 * ldc + 16, c21), v128.store(c + 2 * ldc + 32, c22);
    }
    a += 3 * lda, c += 3 * ldc;
  }
}

/** One tile of 2 × 12. */
export function tile2x12(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, accumulate: bool): void {
  let a0 = a, a1 = a0 + lda, b = panel, k = depth;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32), c10 = c00, c11 = c01, c12 = c02;
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
    let x = v128.load_splat<f32>(a0); c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
    x = v128.load_splat<f32>(a1), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
    if (--k == 0) break;

    b0 = v128.load(b, 48), b1 = v128.load(b, 64), b2 = v128.load(b, 80);
    x = v128.load_splat<f32>(a0, 4), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
    x = v128.load_splat<f32>(a1, 4), c10 = plus(c10, x, b0), c11 = plus(c11, x, b1), c12 = plus(c12, x, b2);
    if (--k == 0) break;

    a0 += 8, a1 += 8, b += 96;
  }
  if (accumulate) {
    raise(c, c00), raise(c + 16, c01), raise(c + 32, c02);
    raise(c + ldc, c10), raise(c + ldc + 16, c11), raise(c + ldc + 32, c12);
  } else {
    v128.store(c, c00), v128.store(c + 16, c01), v128.store(c + 32, c02);
    v128.store(c + ldc, c10), v128.store(c + ldc + 16, c11), v128.store(c + ldc + 32, c12);
  }
}

/** One tile of 1 × 12. */
export function tile1x12(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, accumulate: bool): void {
  let a0 = a, b = panel, k = depth;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32);
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
    let x = v128.load_splat<f32>(a0); c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
    if (--k == 0) break;

    b0 = v128.load(b, 48), b1 = v128.load(b, 64), b2 = v128.load(b, 80);
    x = v128.load_splat<f32>(a0, 4), c00 = plus(c00, x, b0), c01 = plus(c01, x, b1), c02 = plus(c02, x, b2);
    if (--k == 0) break;

    a0 += 8, b += 96;
  }
  if (accumulate) {
    raise(c, c00), raise(c + 16, c01), raise(c + 32, c02);
  } else {
    v128.store(c, c00), v128.store(c + 16, c01), v128.store(c + 32, c02);
  }
}
