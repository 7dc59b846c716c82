/** The register tiles of tile12.ts for panels of 8 columns. */
import { madd, addTo } from "./vectors";

const STEPS: usize = 8;
const BYTES: usize = 4;

/** `tiles` register tiles of 3 × 8, one below the other. */
export function tiles3x8(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, tiles: i32, accumulate: bool): void {
  for (; tiles > 0; tiles--) {
    let a0 = a, a1 = a0 + lda, a2 = a1 + lda, b = panel, k = depth;
    let c00 = v128.load(start), c01 = v128.load(start, 16), c10 = c00, c11 = c01, c20 = c00, c21 = c01;
    while (true) {
      let b0 = v128.load(b), b1 = v128.load(b, 16);
      let x = v128.load_splat<f32>(a0); c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 32), b1 = v128.load(b, 48);
      x = v128.load_splat<f32>(a0, 4), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 4), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 4), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 64), b1 = v128.load(b, 80);
      x = v128.load_splat<f32>(a0, 8), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 8), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 8), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 96), b1 = v128.load(b, 112);
      x = v128.load_splat<f32>(a0, 12), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 12), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 12), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 128), b1 = v128.load(b, 144);
      x = v128.load_splat<f32>(a0, 16), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 16), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 16), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 160), b1 = v128.load(b, 176);
      x = v128.load_splat<f32>(a0, 20), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 20), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 20), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 192), b1 = v128.load(b, 208);
      x = v128.load_splat<f32>(a0, 24), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 24), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 24), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      b0 = v128.load(b, 224), b1 = v128.load(b, 240);
      x = v128.load_splat<f32>(a0, 28), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
      x = v128.load_splat<f32>(a1, 28), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
      x = v128.load_splat<f32>(a2, 28), c20 = madd(c20, x, b0), c21 = madd(c21, x, b1);
      if (--k == 0) break;

      a0 += STEPS * BYTES, a1 += STEPS * BYTES, a2 += STEPS * BYTES, b += STEPS * 32;
    }
    if (accumulate) {
      addTo(c, c00), addTo(c + 16, c01);
      addTo(c + ldc, c10), addTo(c + ldc + 16, c11);
      addTo(c + 2 * ldc, c20), addTo(c + 2 * ldc + 16, c21);
    } else {
      v128.store(c, c00), v128.store(c + 16, c01);
      v128.store(c + ldc, c10), v128.store(c + ldc + 16, c11);
      v128.store(c + 2 * ldc, c20), v128.store(c + 2 * ldc + 16, c21);
    }
    a += 3 * lda, c += 3 * ldc;
  }
}

/** One register tile of 2 × 8. */
export function tile2x8(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, accumulate: bool): void {
  let a0 = a, a1 = a0 + lda, b = panel, k = depth;
  let c00 = v128.load(start), c01 = v128.load(start, 16), c10 = c00, c11 = c01;
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a0); c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
    x = v128.load_splat<f32>(a1), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
    if (--k == 0) break;

    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    x = v128.load_splat<f32>(a0, 4), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
    x = v128.load_splat<f32>(a1, 4), c10 = madd(c10, x, b0), c11 = madd(c11, x, b1);
    if (--k == 0) break;

    a0 += 8, a1 += 8, b += 64;
  }
  if (accumulate) {
    addTo(c, c00), addTo(c + 16, c01);
    addTo(c + ldc, c10), addTo(c + ldc + 16, c11);
  } else {
    v128.store(c, c00), v128.store(c + 16, c01);
    v128.store(c + ldc, c10), v128.store(c + ldc + 16, c11);
  }
}

/** One register tile of 1 × 8. */
export function tile1x8(c: usize, ldc: usize, a: usize, lda: usize, panel: usize, depth: i32, start: usize, accumulate: bool): void {
  let a0 = a, b = panel, k = depth;
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a0); c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
    if (--k == 0) break;

    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    x = v128.load_splat<f32>(a0, 4), c00 = madd(c00, x, b0), c01 = madd(c01, x, b1);
    if (--k == 0) break;

    a0 += 8, b += 64;
  }
  if (accumulate) {
    addTo(c, c00), addTo(c + 16, c01);
  } else {
    v128.store(c, c00), v128.store(c + 16, c01);
  }
}
