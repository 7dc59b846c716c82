/** Elementwise kernels, f32: four lanes at a time, then the rest one by one. */

const LANES: i32 = 4;
const BYTES: usize = 4;

/** out[i] = a[i] + b[i] for i = 0 … n − 1. Pointers in bytes, 4-byte aligned; out may be a or b. */
export function add(out: usize, a: usize, b: usize, n: i32): void {
  assert(((out | a | b) & 3) == 0, "add: pointers must be 4-byte aligned");
  let i = 0;
  for (; i + LANES <= n; i += LANES) {
    const at = <usize>i * BYTES;
    v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
  }
  for (; i < n; i++) {
    const at = <usize>i * BYTES;
    store<f32>(out + at, load<f32>(a + at) + load<f32>(b + at));
  }
}
