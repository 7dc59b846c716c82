/**
 * The attention core (E7), one head after the other, for heads with N queries, k keys and values, and width d. f32.
 *
 *   S = d^(−½) Q Kᵀ      A = σ(S)      O = A V      λ = log Σ e^S
 *
 * Everything is transposed and computed for a panel of 12 (or 8) queries and a tile of keys at a time. So softmax runs down columns, with four
 * queries in a vector, and the result of one matrix multiplication is the panel that the next one reads; from Sᵀ to Oᵀ a panel stays in the L1 cache:
 *
 *   Sᵀ = K (d^(−½) Q)ᵀ      P = e^(Sᵀ − max Sᵀ)      Oᵀ = Vᵀ P / Σ P      λ = max Sᵀ + log Σ P
 *
 * Exponentials are computed as powers of 2, which are cheaper: with log₂ e as another factor of Q, P = 2^(Sᵀ − max Sᵀ) and λ = ln 2 · max Sᵀ + log Σ P.
 *
 * Tiles of keys are merged with a running λ; w = e^λ_tile / (e^λ + e^λ_tile) is the share of a tile among all tiles so far:
 *
 *   O ← (1 − w) O + w O_tile
 *
 * The result of a query does not depend on the panel that it is in, so heads and queries may be split among threads.
 */
import { add, mul, Operand, scale } from "./elementwise";
import { blockLength, rowsTimesPanel, ZEROS } from "./gemm/gemm";
import { packPanels, panelWidth, transpose } from "./gemm/pack";
import { exp, exp2, log } from "./math";
import { SCRATCH_BYTES, scratch } from "./scratch";

const BYTES: usize = 4;
const WIDEST: i32 = 12;
/** The widest head; src/engines/wasm/fused/attention.ts has the same number. */
export const WIDEST_HEAD: i32 = 1024;

/** The most keys of a tile: a panel of P takes 48 bytes per key, and must stay in an L1 cache of 32 KB. */
const KEYS: i32 = 300;
/** The most elements of a tile of V. */
const VALUES: i32 = 32 * 1024;

/** Bytes of a panel of d rows, of a panel with a row for each key, and of a number for each column. */
const PANEL_OF_D: usize = <usize>(WIDEST_HEAD * WIDEST) * BYTES;
const PANEL_OF_KEYS: usize = <usize>(KEYS * WIDEST) * BYTES;
const NUMBERS: usize = <usize>WIDEST * BYTES;

const LN_2: f32 = 0.6931471805599453;
export const LOG2_E: f32 = 1.4426950408889634;

/** The maximum of each of four columns; rows are `step` bytes apart. */
@inline
function largestOfColumns(s: usize, rows: i32, step: usize): v128 {
  let m0 = v128.load(s), m1 = m0;
  for (; rows >= 2; rows -= 2) {
    m0 = f32x4.pmax(m0, v128.load(s)), m1 = f32x4.pmax(m1, v128.load(s + step));
    s += 2 * step;
  }
  if (rows > 0) m0 = f32x4.pmax(m0, v128.load(s));
  return f32x4.pmax(m0, m1);
}

/** 2^(x − most) */
@inline
function below(x: v128, most: v128): v128 {
  return exp2(f32x4.sub(x, most));
}

/** s ← 2^(s − most) in four columns; returns the sum of each. */
@inline
function exponentialsOfColumns(s: usize, rows: i32, step: usize, most: v128): v128 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; rows >= 4; rows -= 4) {
    const next = s + 2 * step;
    const e0 = below(v128.load(s), most), e1 = below(v128.load(s + step), most);
    const e2 = below(v128.load(next), most), e3 = below(v128.load(next + step), most);
    v128.store(s, e0), v128.store(s + step, e1), v128.store(next, e2), v128.store(next + step, e3);
    s0 = f32x4.add(s0, e0), s1 = f32x4.add(s1, e1), s2 = f32x4.add(s2, e2), s3 = f32x4.add(s3, e3);
    s = next + 2 * step;
  }
  for (; rows > 0; rows--) {
    const e = below(v128.load(s), most);
    v128.store(s, e);
    s0 = f32x4.add(s0, e);
    s += step;
  }
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/** s ← P = 2^(s − max s) in each column of a panel; stores λ = ln 2 · max s + log Σ P, and 1/Σ P. */
function softmaxOfColumns(s: usize, logSum: usize, factor: usize, rows: i32, width: i32): void {
  const step = <usize>width * BYTES;
  for (let c: usize = 0; c < step; c += 16) {
    const most = largestOfColumns(s + c, rows, step);
    const sum = exponentialsOfColumns(s + c, rows, step, most);
    v128.store(logSum + c, f32x4.add(f32x4.mul(most, f32x4.splat(LN_2)), log(sum)));
    v128.store(factor + c, f32x4.div(f32x4.splat(1), sum));
  }
}

/** x ← factor ⊙ x in each column of a panel. */
function scaleColumns(x: usize, factor: usize, rows: i32, width: i32): void {
  const step = <usize>width * BYTES;
  for (let c: usize = 0; c < step; c += 16) {
    const f = v128.load(factor + c);
    let at = x + c;
    for (let r = 0; r < rows; r++) {
      v128.store(at, f32x4.mul(v128.load(at), f));
      at += step;
    }
  }
}

/** Merges the λ of a tile with that of the tiles before. factor ← w · factor and rest ← 1 − w, with w = 1/(1 + e^(before − λ)). */
function mergeSums(logSum: usize, factor: usize, rest: usize, before: usize): void {
  const one = f32x4.splat(1);
  for (let c: usize = 0; c < NUMBERS; c += 16) {
    const a = v128.load(before + c), b = v128.load(logSum + c);
    const w = f32x4.div(one, f32x4.add(one, exp(f32x4.sub(a, b)))), others = f32x4.sub(one, w);
    v128.store(factor + c, f32x4.mul(w, v128.load(factor + c)));
    v128.store(rest + c, others);
    v128.store(logSum + c, f32x4.sub(f32x4.pmax(a, b), log(f32x4.pmax(w, others)))); // e^λ is e^max over the larger share
  }
}

function head(o: usize, logSum: usize, q: usize, keys: usize, v: usize, N: i32, k: i32, d: i32): void {
  const factorOfQ: f32 = LOG2_E / Mathf.sqrt(<f32>d);
  const row = <usize>d * BYTES, tile = blockLength(k, min(KEYS, VALUES / d), 1);
  const vT = scratch, panel = vT + <usize>VALUES * BYTES, p = panel + PANEL_OF_D, oT = p + PANEL_OF_KEYS, rows = oT + PANEL_OF_D;
  const sums = rows + PANEL_OF_D, factor = sums + NUMBERS, before = factor + NUMBERS, rest = before + NUMBERS;
  assert(rest + NUMBERS - scratch <= SCRATCH_BYTES);

  for (let j = 0; j < k; j += tile) {
    const pairs = min(tile, k - j);
    transpose(vT, <usize>pairs * BYTES, v + <usize>j * row, row, pairs, d);
    for (let i = 0; i < N; ) {
      const width = panelWidth(N - i), columns = min(width, N - i), step = <usize>width * BYTES;
      const out = o + <usize>i * row, known = logSum + <usize>i * BYTES;
      packPanels(panel, q + <usize>i * row, row, d, columns, true);
      scale(panel, panel, d * width, factorOfQ);
      rowsTimesPanel(p, step, keys + <usize>j * row, row, panel, width, d, ZEROS, pairs, false); //        Sᵀ
      softmaxOfColumns(p, sums, factor, pairs, width); //                                         P, λ
      rowsTimesPanel(oT, step, vT, <usize>pairs * BYTES, p, width, pairs, ZEROS, d, false); //             Oᵀ Σ P
      if (j == 0) {
        scaleColumns(oT, factor, d, width);
        transpose(out, row, oT, step, d, columns);
      } else {
        memory.copy(before, known, <usize>columns * BYTES);
        mergeSums(sums, factor, rest, before);
        scaleColumns(oT, factor, d, width);
        transpose(rows, row, oT, step, d, columns);
        mul(out, out, rest, columns, d, Operand.Whole, Operand.Number); //                        O ← (1 − w) O + w O_tile
        add(out, out, rows, columns, d, Operand.Whole, Operand.Whole);
      }
      memory.copy(known, sums, <usize>columns * BYTES);
      i += columns;
    }
  }
}

/**
 * Computes rows from … from + count − 1 of O [heads · N, d] and λ [heads · N] from Q [heads · N, d], K and V [heads, k, d]; d ≤ WIDEST_HEAD. A
 * head has N queries.
 */
export function attention(
  o: usize, logSum: usize, q: usize, keys: usize, v: usize, N: i32, k: i32, d: i32, from: i32, count: i32,
): void {
  assert(((o | logSum | q | keys | v) & 3) == 0, "pointers must be 4-byte aligned");
  assert(d <= WIDEST_HEAD, "attention: a head is too wide");
  while (count > 0) {
    const rows = min(count, N - from % N), row = <usize>(from * d) * BYTES, values = <usize>(from / N * k * d) * BYTES;
    head(o + row, logSum + <usize>from * BYTES, q + row, keys + values, v + values, rows, k, d);
    from += rows, count -= rows;
  }
}
