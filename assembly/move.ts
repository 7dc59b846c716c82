/** Kernels that copy, clear and permute elements. f32. */

const BYTES: usize = 4;
const LANES: i32 = 4;

/** Runs of at least so many elements are copied faster by memory.copy than by a loop. */
const LONG: i32 = 256;

/** Copies a run of n elements. */
@inline
function copy(out: usize, x: usize, n: i32): void {
  if (n >= LONG) {
    memory.copy(out, x, <usize>n * BYTES);
    return;
  }
  for (; n >= LANES; n -= LANES) {
    v128.store(out, v128.load(x));
    out += 16, x += 16;
  }
  for (; n > 0; n--) {
    store<f32>(out, load<f32>(x));
    out += BYTES, x += BYTES;
  }
}

/** Copies `count` runs of `length` elements; their starts are `outStep` and `inStep` elements apart. */
export function copyRuns(out: usize, x: usize, count: i32, length: i32, outStep: i32, inStep: i32): void {
  assert(((out | x) & 3) == 0, "pointers must be 4-byte aligned");
  assert(length >= 0 && (outStep >= length || count <= 1), "runs must not overlap");
  for (; count > 0; count--) {
    copy(out, x, length);
    out += <usize>outStep * BYTES, x += <usize>inStep * BYTES;
  }
}

/** n zeros. */
export function clear(out: usize, n: i32): void {
  memory.fill(out, 0, <usize>n * BYTES);
}

/** out[i] = x[i·step], step in bytes. */
@inline
function gather(out: usize, x: usize, n: i32, step: usize): void {
  for (; n >= LANES; n -= LANES) {
    let v = v128.load32_splat(x);
    v = v128.load_lane<f32>(x + step, v, 1);
    v = v128.load_lane<f32>(x + 2 * step, v, 2);
    v128.store(out, v128.load_lane<f32>(x + 3 * step, v, 3));
    out += 16, x += 4 * step;
  }
  for (; n > 0; n--) {
    store<f32>(out, load<f32>(x));
    out += BYTES, x += step;
  }
}

/**
 * Permutes five axes; shapes with fewer get ones in front. `out` has axes of lengths n0 … n4 and is written in memory order; a step along its
 * axis i is s_i elements in x.
 */
export function permute(
  out: usize, x: usize,
  n0: i32, n1: i32, n2: i32, n3: i32, n4: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32,
): void {
  const run = <usize>n4 * BYTES, step = <usize>s4 * BYTES;
  for (let i0 = 0; i0 < n0; i0++)
    for (let i1 = 0; i1 < n1; i1++)
      for (let i2 = 0; i2 < n2; i2++) {
        let from = x + <usize>(i0 * s0 + i1 * s1 + i2 * s2) * BYTES;
        for (let i3 = 0; i3 < n3; i3++) {
          if (s4 == 1) copy(out, from, n4);
          else gather(out, from, n4, step);
          out += run, from += <usize>s3 * BYTES;
        }
      }
}
