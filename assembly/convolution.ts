/**
 * Grouped convolution of images [B, C, H, W] and its vector–Jacobian product (G22), image by image: with U [C/G·k², N] the windows of one group as columns,
 *
 *   Y = W U        W̄ = Σ_b Ȳ Uᵀ        Ū = Wᵀ Ȳ
 *
 * So Y is where it belongs, and nothing is permuted. The windows of a 1×1 convolution of stride 1 are the image itself. f32.
 */
import { gemm } from "./gemm/gemm";

const BYTES: usize = 4;
const LANES: i32 = 4;

/** Output columns first … end − 1 have the pixel s·j + shift inside an image of this width. */
@inline
function firstInside(shift: i32, stride: i32): i32 {
  return shift >= 0 ? 0 : (stride - 1 - shift) / stride;
}
@inline
function endInside(shift: i32, stride: i32, width: i32, columns: i32): i32 {
  return max(0, min(columns, (width - 1 - shift) / stride + 1));
}

/** One row of U within one row of the output: out[j] = line[s·j + shift], 0 outside the image. */
@inline
function gather(out: usize, line: usize, shift: i32, stride: i32, width: i32, columns: i32): void {
  const first = firstInside(shift, stride), end = endInside(shift, stride, width, columns);
  let j = 0;
  for (; j < min(first, columns); j++) store<f32>(out + <usize>j * BYTES, 0);
  if (stride == 1) for (; j + LANES <= end; j += LANES) v128.store(out + <usize>j * BYTES, v128.load(line + <usize>(j + shift) * BYTES));
  for (; j < end; j++) store<f32>(out + <usize>j * BYTES, load<f32>(line + <usize>(stride * j + shift) * BYTES));
  for (; j < columns; j++) store<f32>(out + <usize>j * BYTES, 0);
}

/** The adjoint of `gather`: line[s·j + shift] += row[j] where that is inside the image. */
@inline
function scatter(line: usize, row: usize, shift: i32, stride: i32, width: i32, columns: i32): void {
  const end = endInside(shift, stride, width, columns);
  for (let j = firstInside(shift, stride); j < end; j++) {
    const at = line + <usize>(stride * j + shift) * BYTES;
    store<f32>(at, load<f32>(at) + load<f32>(row + <usize>j * BYTES));
  }
}

/** Copies C channels of an image to their windows [C·k², rows·columns] or, if `adjoint`, adds the windows to the image. */
function windows(
  u: usize, image: usize, adjoint: bool, C: i32, H: i32, W: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  const run = <usize>columns * BYTES;
  for (let c = 0; c < C; c++) {
    for (let r = 0; r < k; r++)
      for (let t = 0; t < k; t++)
        for (let i = 0; i < rows; i++) {
          const y = i * stride + r - padding, line = image + <usize>(y * W) * BYTES;
          if (y < 0 || y >= H) {
            if (!adjoint) memory.fill(u, 0, run);
          } else if (adjoint) scatter(line, u, t - padding, stride, W, columns);
          else gather(u, line, t - padding, stride, W, columns);
          u += run;
        }
    image += <usize>(H * W) * BYTES;
  }
}

/** Y [B, O, rows, columns] of `count` images. `u` has room for the windows of them, C·k²·rows·columns numbers each, or is 0 if the windows are the image. */
export function convolution(
  y: usize, u: usize, x: usize, weight: usize,
  count: i32, C: i32, H: i32, W: i32, O: i32, G: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  const N = rows * columns, q = C / G * k * k, outputs = O / G;
  for (; count > 0; count--) {
    if (u != 0) windows(u, x, false, C, H, W, rows, columns, k, stride, padding);
    const from = u == 0 ? x : u;
    for (let g = 0; g < G; g++) {
      const w = weight + <usize>(g * outputs * q) * BYTES;
      gemm(y + <usize>(g * outputs * N) * BYTES, N, w, q, from + <usize>(g * q * N) * BYTES, N, 0, outputs, N, q, false, false, false);
    }
    y += <usize>(O * N) * BYTES, x += <usize>(C * H * W) * BYTES;
    if (u != 0) u += <usize>(G * q * N) * BYTES;
  }
}

/** x̄ of `count` images, from ȳ [B, O, rows, columns]; `u` as in `convolution`. */
export function convolutionDx(
  dx: usize, u: usize, dy: usize, weight: usize,
  count: i32, C: i32, H: i32, W: i32, O: i32, G: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  const N = rows * columns, q = C / G * k * k, outputs = O / G;
  for (; count > 0; count--) {
    const to = u == 0 ? dx : u;
    for (let g = 0; g < G; g++) {
      const w = weight + <usize>(g * outputs * q) * BYTES;
      gemm(to + <usize>(g * q * N) * BYTES, N, w, q, dy + <usize>(g * outputs * N) * BYTES, N, 0, q, N, outputs, true, false, false);
    }
    if (u != 0) {
      memory.fill(dx, 0, <usize>(C * H * W) * BYTES);
      windows(u, dx, true, C, H, W, rows, columns, k, stride, padding);
      u += <usize>(G * q * N) * BYTES;
    }
    dy += <usize>(O * N) * BYTES, dx += <usize>(C * H * W) * BYTES;
  }
}

/** W̄ [O, C/G, k, k] of `count` groups from `group` on, from ȳ and x of all B images; `u` has room for the windows of one group of one image, or is 0. */
export function convolutionDWeight(
  dWeight: usize, u: usize, dy: usize, x: usize, group: i32, count: i32,
  B: i32, C: i32, H: i32, W: i32, O: i32, G: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  const N = rows * columns, own = C / G, q = own * k * k, outputs = O / G;
  if (B == 0) memory.fill(dWeight + <usize>(group * outputs * q) * BYTES, 0, <usize>(count * outputs * q) * BYTES);
  for (let g = group; g < group + count; g++)
    for (let b = 0; b < B; b++) {
      const image = x + <usize>((b * C + g * own) * H * W) * BYTES;
      if (u != 0) windows(u, image, false, own, H, W, rows, columns, k, stride, padding);
      const from = u == 0 ? image : u, to = dWeight + <usize>(g * outputs * q) * BYTES;
      gemm(to, q, dy + <usize>((b * O + g * outputs) * N) * BYTES, N, from, N, 0, outputs, q, N, false, true, b > 0);
    }
}
