/**
 * The microkernel of the matrix multiplication: a register tile of C with 3, 2 or 1 rows × 12 columns.
 *
 *   C[i, j] (+)= start[j] + Σ_p A[i, p] B[p, j]          j < 12, p < depth
 *
 * The rows of A are `lda` bytes apart. A panel is 12 columns of B packed as [depth][12], so that it is read in memory order.
 *
 * Reasons for its form (docs/performance.md): a 3 × 12 tile has 9 vectors of sums in registers and 6 loads for 18 operations; larger tiles spill
 * registers, smaller ones load more. Each step ends with an exit, and the large tile has another exit in its middle that is never taken: without
 * them the compiler hoists the loads of the next steps above the arithmetic of this one, and spills. The exits also make any depth work without
 * a remainder loop. The loop is unrolled to eight steps because moving four pointers has a cost as well. Whether C is overwritten or added to is
 * tested once per tile; once per vector would cost 3 %.
 */
import { madd, addTo } from "./vectors";

const STEPS: usize = 8;
const BYTES: usize = 4;

/** `tiles` register tiles of 3 × 12, one below the other. */
export function tiles3x12(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, tiles: i32, accumulate: bool): void {
  for (; tiles > 0; tiles--) {
    let a0 = a, a1 = a0 + lda, a2 = a1 + lda, b = panel, k = depth;
    let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32), c10 = c00, c11 = c01, c12 = c02, c20 = c00, c21 = c01, c22 = c02;
    while (true) {
      let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
      let x = v128.load_splat<f32>(a0); c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -1) break;
      x = v128.load_splat<f32>(a2), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 48), b1 = v128.load(b, 64), b2 = v128.load(b, 80);
      x = v128.load_splat<f32>(a0, 4), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 4), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -2) break;
      x = v128.load_splat<f32>(a2, 4), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 96), b1 = v128.load(b, 112), b2 = v128.load(b, 128);
      x = v128.load_splat<f32>(a0, 8), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 8), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -3) break;
      x = v128.load_splat<f32>(a2, 8), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 144), b1 = v128.load(b, 160), b2 = v128.load(b, 176);
      x = v128.load_splat<f32>(a0, 12), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 12), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -4) break;
      x = v128.load_splat<f32>(a2, 12), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 192), b1 = v128.load(b, 208), b2 = v128.load(b, 224);
      x = v128.load_splat<f32>(a0, 16), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 16), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -5) break;
      x = v128.load_splat<f32>(a2, 16), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 240), b1 = v128.load(b, 256), b2 = v128.load(b, 272);
      x = v128.load_splat<f32>(a0, 20), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 20), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -6) break;
      x = v128.load_splat<f32>(a2, 20), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 288), b1 = v128.load(b, 304), b2 = v128.load(b, 320);
      x = v128.load_splat<f32>(a0, 24), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 24), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -7) break;
      x = v128.load_splat<f32>(a2, 24), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      b0 = v128.load(b, 336), b1 = v128.load(b, 352), b2 = v128.load(b, 368);
      x = v128.load_splat<f32>(a0, 28), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
      x = v128.load_splat<f32>(a1, 28), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
      if (depth == -8) break;
      x = v128.load_splat<f32>(a2, 28), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1), c22 = madd(c22, x, b2);
      if (--k == 0) break;

      a0 += STEPS * BYTES, a1 += STEPS * BYTES, a2 += STEPS * BYTES, b += STEPS * 48;
    }
    if (accumulate) {
      addTo(c, c00), addTo(c + 16, c01), addTo(c + 32, c02);
      addTo(c + ldc, c10), addTo(c + ldc + 16, c11), addTo(c + ldc + 32, c12);
      addTo(c + 2 * ldc, c20), addTo(c + 2 * ldc + 16, c21), addTo(c + 2 * ldc + 32, c22);
    } else {
      v128.store(c, c00), v128.store(c + 16, c01), v128.store(c + 32, c02);
      v128.store(c + ldc, c10), v128.store(c + ldc + 16, c11), v128.store(c + ldc + 32, c12);
      v128.store(c + 2 * ldc, c20), v128.store(c + 2 * ldc + 16, c21), v128.store(c + 2 * ldc + 32, c22);
    }
    a += 3 * lda, c += 3 * ldc;
  }
}

/** One register tile of 2 × 12. */
export function tile2x12(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, accumulate: bool): void {
  let a0 = a, a1 = a0 + lda, b = panel, k = depth;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32), c10 = c00, c11 = c01, c12 = c02;
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
    let x = v128.load_splat<f32>(a0); c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
    x = v128.load_splat<f32>(a1), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
    if (--k == 0) break;

    b0 = v128.load(b, 48), b1 = v128.load(b, 64), b2 = v128.load(b, 80);
    x = v128.load_splat<f32>(a0, 4), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
    x = v128.load_splat<f32>(a1, 4), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1), c12 = madd(c12, x, b2);
    if (--k == 0) break;

    a0 += 8, a1 += 8, b += 96;
  }
  if (accumulate) {
    addTo(c, c00), addTo(c + 16, c01), addTo(c + 32, c02);
    addTo(c + ldc, c10), addTo(c + ldc + 16, c11), addTo(c + ldc + 32, c12);
  } else {
    v128.store(c, c00), v128.store(c + 16, c01), v128.store(c + 32, c02);
    v128.store(c + ldc, c10), v128.store(c + ldc + 16, c11), v128.store(c + ldc + 32, c12);
  }
}

/** One register tile of 1 × 12. */
export function tile1x12(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, accumulate: bool): void {
  let a0 = a, b = panel, k = depth;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32);
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
    let x = v128.load_splat<f32>(a0); c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
    if (--k == 0) break;

    b0 = v128.load(b, 48), b1 = v128.load(b, 64), b2 = v128.load(b, 80);
    x = v128.load_splat<f32>(a0, 4), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1), c02 = madd(c02, x, b2);
    if (--k == 0) break;

    a0 += 8, b += 96;
  }
  if (accumulate) {
    addTo(c, c00), addTo(c + 16, c01), addTo(c + 32, c02);
  } else {
    v128.store(c, c00), v128.store(c + 16, c01), v128.store(c + 32, c02);
  }
}
