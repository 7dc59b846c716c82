/**
 * Sums, maxima and their places, and one-hot rows. f32. A long sum is kept in four vectors that are added in a fixed tree at the end: its rounding
 * error grows with n/16 instead of n, and the order of its terms does not depend on the number of threads.
 */

const LANES: i32 = 4;
const BYTES: usize = 4;

/** The sum of four lanes, in a fixed order. */
@inline
export function across(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** Σ x, n elements. */
export function total(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; n >= 4 * LANES; n -= 4 * LANES) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
    x += 64;
  }
  for (; n >= LANES; n -= LANES) {
    s0 = f32x4.add(s0, v128.load(x));
    x += 16;
  }
  let sum = across(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; n > 0; n--) {
    sum += load<f32>(x);
    x += BYTES;
  }
  return sum;
}

/** Σ a ⊙ b, n elements. */
export function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0;
  for (; n >= 2 * LANES; n -= 2 * LANES) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32, b += 32;
  }
  let sum = across(f32x4.add(s0, s1));
  for (; n > 0; n--) {
    sum += load<f32>(a) * load<f32>(b);
    a += BYTES, b += BYTES;
  }
  return sum;
}

/** max x, n ≥ 1 elements; NaN if one of them is. */
export function maximum(x: usize, n: i32): f32 {
  let m = v128.load32_splat(x);
  for (; n >= LANES; n -= LANES) {
    m = f32x4.max(m, v128.load(x));
    x += 16;
  }
  for (; n > 0; n--) {
    m = f32x4.max(m, v128.load32_splat(x));
    x += BYTES;
  }
  const pairs = f32x4.max(m, v128.shuffle<f32>(m, m, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** max x, n ≥ 1 elements, where a NaN may be ignored because it shows elsewhere; faster than `maximum`. */
export function largest(x: usize, n: i32): f32 {
  let m = v128.load32_splat(x), other = m;
  for (; n >= 2 * LANES; n -= 2 * LANES) {
    m = f32x4.pmax(m, v128.load(x)), other = f32x4.pmax(other, v128.load(x, 16));
    x += 32;
  }
  for (; n > 0; n--) {
    m = f32x4.pmax(m, v128.load32_splat(x));
    x += BYTES;
  }
  m = f32x4.pmax(m, other);
  m = f32x4.pmax(m, v128.shuffle<f32>(m, m, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(m, v128.shuffle<f32>(m, m, 1, 0, 3, 2)), 0);
}

/** out[r] = factor · (sum of row r): the sum, or with factor 1/n the mean. */
export function sumRows(out: usize, x: usize, rows: i32, n: i32, factor: f32): void {
  for (; rows > 0; rows--) {
    store<f32>(out, factor * total(x, n));
    out += BYTES, x += <usize>n * BYTES;
  }
}

/** out[r] = the maximum of row r; −∞ for empty rows. */
export function maxRows(out: usize, x: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--) {
    store<f32>(out, n == 0 ? -Infinity : maximum(x, n));
    out += BYTES, x += <usize>n * BYTES;
  }
}

/** out[r] = the index of the maximum of row r, the first one on ties. */
export function argmaxRows(out: usize, x: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--) {
    let best = 0;
    for (let j = 1; j < n; j++) if (load<f32>(x + <usize>j * BYTES) > load<f32>(x + <usize>best * BYTES)) best = j;
    store<f32>(out, <f32>best);
    out += BYTES, x += <usize>n * BYTES;
  }
}

/** Rows of a group. Groups are summed first, then their sums, so that rounding errors grow with the rows of a group plus the number of groups. */
export const GROUP: i32 = 32;

/** out[j] = Σ_r x[r, j] for n columns; rows are `ld` elements apart. 16 columns at a time, which is a cache line. */
export function sumColumns(out: usize, x: usize, rows: i32, n: i32, ld: i32): void {
  assert(((out | x) & 3) == 0, "pointers must be 4-byte aligned");
  const length = <usize>ld * BYTES;
  let j = 0;
  for (; j + 16 <= n; j += 16) {
    let at = x + <usize>j * BYTES;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let r = 0; r < rows; ) {
      const end = min(r + GROUP, rows);
      let g0 = f32x4.splat(0), g1 = g0, g2 = g0, g3 = g0;
      for (; r < end; r++) {
        g0 = f32x4.add(g0, v128.load(at));
        g1 = f32x4.add(g1, v128.load(at, 16));
        g2 = f32x4.add(g2, v128.load(at, 32));
        g3 = f32x4.add(g3, v128.load(at, 48));
        at += length;
      }
      s0 = f32x4.add(s0, g0), s1 = f32x4.add(s1, g1), s2 = f32x4.add(s2, g2), s3 = f32x4.add(s3, g3);
    }
    const to = out + <usize>j * BYTES;
    v128.store(to, s0), v128.store(to, s1, 16), v128.store(to, s2, 32), v128.store(to, s3, 48);
  }
  for (; j < n; j++) {
    let at = x + <usize>j * BYTES;
    let sum: f32 = 0;
    for (let r = 0; r < rows; ) {
      const end = min(r + GROUP, rows);
      let group: f32 = 0;
      for (; r < end; r++) {
        group += load<f32>(at);
        at += length;
      }
      sum += group;
    }
    store<f32>(out + <usize>j * BYTES, sum);
  }
}

/** out[r, labels[r]] = 1, and 0 elsewhere. Returns the first row whose label is not an integer of 0 … classes − 1, or −1. */
export function oneHot(out: usize, labels: usize, rows: i32, classes: i32): i32 {
  memory.fill(out, 0, <usize>rows * classes * BYTES);
  for (let r = 0; r < rows; r++) {
    const label = load<f32>(labels + <usize>r * BYTES);
    if (!(label >= 0 && label < <f32>classes && label == Mathf.floor(label))) return r;
    store<f32>(out + (<usize>r * classes + <usize>label) * BYTES, 1);
  }
  return -1;
}
