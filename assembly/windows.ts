/**
 * Sliding windows over images [B, C, H, W] (E1): window (i, j) of `rows` × `columns` holds, channel by channel, the k × k pixels from
 * (i·stride − padding, j·stride − padding) on, with zeros outside the image. f32.
 */

const BYTES: usize = 4;
const LANES: i32 = 4;

/** One row of a window: pixels `left` … `left` + k − 1 of an image row, with zeros outside 0 … width − 1. */
@inline
function copyRow(out: usize, image: usize, left: i32, k: i32, width: i32): void {
  let s = 0;
  if (left >= 0 && left + k <= width)
    for (; s + LANES <= k; s += LANES) v128.store(out + <usize>s * BYTES, v128.load(image + <usize>(left + s) * BYTES));
  for (; s < k; s++) {
    const x = left + s;
    store<f32>(out + <usize>s * BYTES, x >= 0 && x < width ? load<f32>(image + <usize>x * BYTES) : 0);
  }
}

/** The adjoint of `copyRow`: adds the window's pixels to the image row. */
@inline
function addRow(image: usize, window: usize, left: i32, k: i32, width: i32): void {
  let s = 0;
  if (left >= 0 && left + k <= width)
    for (; s + LANES <= k; s += LANES) {
      const at = image + <usize>(left + s) * BYTES;
      v128.store(at, f32x4.add(v128.load(at), v128.load(window + <usize>s * BYTES)));
    }
  for (; s < k; s++) {
    const x = left + s;
    if (x < 0 || x >= width) continue;
    const at = image + <usize>x * BYTES;
    store<f32>(at, load<f32>(at) + load<f32>(window + <usize>s * BYTES));
  }
}

/** Copies images into windows [B, rows·columns, C·k²] or, if `adjoint`, adds windows to images. */
@inline
function each(
  windows: usize, images: usize, adjoint: bool,
  B: i32, C: i32, H: i32, W: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  const plane = <usize>(H * W) * BYTES, run = <usize>k * BYTES;
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let image = images;
        for (let c = 0; c < C; c++) {
          for (let r = 0; r < k; r++) {
            const y = i * stride + r - padding, left = j * stride - padding;
            const line = image + <usize>(y * W) * BYTES;
            if (adjoint) {
              if (y >= 0 && y < H) addRow(line, windows, left, k, W);
            } else if (y >= 0 && y < H) copyRow(windows, line, left, k, W);
            else memory.fill(windows, 0, run);
            windows += run;
          }
          image += plane;
        }
      }
    images += <usize>C * plane;
  }
}

/** Images to windows. */
export function unfold(
  out: usize, images: usize,
  B: i32, C: i32, H: i32, W: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  each(out, images, false, B, C, H, W, rows, columns, k, stride, padding);
}

/** Windows to images: each pixel is the sum of its copies in all windows. */
export function fold(
  out: usize, windows: usize,
  B: i32, C: i32, H: i32, W: i32, rows: i32, columns: i32, k: i32, stride: i32, padding: i32,
): void {
  memory.fill(out, 0, <usize>(B * C * H * W) * BYTES);
  each(windows, out, true, B, C, H, W, rows, columns, k, stride, padding);
}
