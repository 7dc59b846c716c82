/**
 * The vector–Jacobian product of the attention core (G12), one head after the other, from Q, K, V, O and λ. f32.
 *
 *   A = e^(S − λ)       Ā = Ō Vᵀ                 S̄ = A ⊙ (Ā − ⟨Ō, O⟩)
 *   V̄ᵀ = Ōᵀ A           K̄ᵀ = Qᵀ d^(−½) S̄         Q̄ = d^(−½) S̄ K
 *
 * For each block of queries, it takes a panel of 12 (or 8) keys at a time. S and Ā are computed as panels, and the matrix multiplications for V̄
 * and K̄ read them while they are in the L1 cache. S̄ is also stored in rows for a tile of keys, for Q̄. There are five matrix multiplications,
 * no more than (G12) has if S is computed again, and each operand is packed once per block. S must be bitwise identical to that of attention.ts, or
 * rows of S̄ would not sum to 0; so its sums have the same factors in the same order.
 */
import { LOG2_E, WIDEST_HEAD } from "./attention";
import { add, Operand, scale } from "./elementwise";
import { blockLength, rowsTimesPanel, ZEROS } from "./gemm/gemm";
import { packPanels, panelsWidth, panelWidth, transpose } from "./gemm/pack";
import { exp2 } from "./math";
import { copyRuns } from "./move";
import { dot } from "./reduce";
import { SCRATCH_BYTES, scratch } from "./scratch";

const BYTES: usize = 4;
const WIDEST: i32 = 12;

/** The most queries of a block, the most keys of a tile (a multiple of 12), and the most elements of either. */
const QUERIES: i32 = 208;
const KEYS: i32 = 192;
const BLOCK: i32 = 16 * 1024;

/** Bytes of a block or a tile with rows of length d: as stored, transposed, or as panels. */
const BLOCK_BYTES: usize = <usize>(BLOCK + WIDEST * QUERIES) * BYTES; // the last panel may be wider than its columns
const PANEL_OF_D: usize = <usize>(WIDEST_HEAD * WIDEST) * BYTES;
const PANEL_OF_QUERIES: usize = <usize>(QUERIES * WIDEST) * BYTES;

/**
 * Overwrites S with A = 2^(S − log₂ e · λ), and Ā with d^(−½) S̄ = factor · A ⊙ (Ā − dots), which is also stored in rows `step` bytes apart. Each
 * row has its own λ and its own dot product. Columns beyond the keys may hold anything and are not read.
 */
function probabilities(s: usize, dA: usize, rows: usize, step: usize, logSum: usize, dots: usize, count: i32, width: i32, factor: f32): void {
  const f = f32x4.splat(factor), length = <usize>width * BYTES;
  for (; count > 0; count--) {
    const lambda = f32x4.splat(LOG2_E * load<f32>(logSum)), a = v128.load32_splat(dots);
    for (let c: usize = 0; c < length; c += 16) {
      const A = exp2(f32x4.sub(v128.load(s + c), lambda));
      const dS = f32x4.mul(f32x4.mul(A, f32x4.sub(v128.load(dA + c), a)), f);
      v128.store(s + c, A), v128.store(dA + c, dS), v128.store(rows + c, dS);
    }
    s += length, dA += length, rows += step, logSum += BYTES, dots += BYTES;
  }
}

/** Stores the columns of a panel as rows of `out`, of length d, or adds them to these rows. */
function putColumns(out: usize, panel: usize, scratchRows: usize, columns: i32, width: i32, d: i32, adds: bool): void {
  const row = <usize>d * BYTES;
  transpose(adds ? scratchRows : out, row, panel, <usize>width * BYTES, d, columns);
  if (adds) add(out, out, scratchRows, columns, d, Operand.Whole, Operand.Whole);
}

function head(
  dq: usize, dk: usize, dv: usize, q: usize, keys: usize, v: usize, o: usize, logSum: usize, dO: usize, N: i32, k: i32, d: i32,
): void {
  const row = <usize>d * BYTES, factor: f32 = 1 / Mathf.sqrt(<f32>d);
  const block = blockLength(N, min(QUERIES, BLOCK / d), 1), tile = blockLength(k, min(KEYS, BLOCK / d), WIDEST);
  const qScaled = scratch, qT = qScaled + BLOCK_BYTES, dOT = qT + BLOCK_BYTES, panelsOfK = dOT + BLOCK_BYTES, dqRows = panelsOfK + BLOCK_BYTES;
  const dS = dqRows + BLOCK_BYTES, s = dS + <usize>(QUERIES * KEYS) * BYTES, dA = s + PANEL_OF_QUERIES;
  const panel = dA + PANEL_OF_QUERIES, dT = panel + PANEL_OF_D, scratchRows = dT + PANEL_OF_D, dots = scratchRows + PANEL_OF_D;
  assert(dots + <usize>QUERIES * BYTES - scratch <= SCRATCH_BYTES);
  const wide = panelsWidth(d), rowOfDq = <usize>wide * BYTES, rowOfDS = <usize>tile * BYTES;

  for (let i = 0; i < N; i += block) {
    const queries = min(block, N - i), down = <usize>queries * BYTES, offset = <usize>i * row;
    scale(qScaled, q + offset, queries * d, LOG2_E * factor);
    transpose(qT, down, q + offset, row, queries, d);
    transpose(dOT, down, dO + offset, row, queries, d);
    for (let r: usize = 0; r < <usize>queries; r++) store<f32>(dots + r * BYTES, dot(dO + offset + r * row, o + offset + r * row, d));

    for (let j = 0; j < k; j += tile) {
      const pairs = min(tile, k - j);
      packPanels(panelsOfK, keys + <usize>j * row, row, pairs, d, false);
      for (let c = 0; c < pairs; ) {
        const width = panelWidth(pairs - c), columns = min(width, pairs - c), step = <usize>width * BYTES, at = <usize>(j + c) * row;
        packPanels(panel, keys + at, row, d, columns, true);
        rowsTimesPanel(s, step, qScaled, row, panel, width, d, ZEROS, queries, false); //              S
        packPanels(panel, v + at, row, d, columns, true);
        rowsTimesPanel(dA, step, dO + offset, row, panel, width, d, ZEROS, queries, false); //          Ā
        probabilities(s, dA, dS + <usize>c * BYTES, rowOfDS, logSum + <usize>i * BYTES, dots, queries, width, factor); // A, S̄
        rowsTimesPanel(dT, step, dOT, down, s, width, queries, ZEROS, d, false); //                     V̄ᵀ
        putColumns(dv + at, dT, scratchRows, columns, width, d, i > 0);
        rowsTimesPanel(dT, step, qT, down, dA, width, queries, ZEROS, d, false); //                     K̄ᵀ
        putColumns(dk + at, dT, scratchRows, columns, width, d, i > 0);
        c += columns;
      }
      for (let c = 0, from = panelsOfK; c < d; ) { //                                          Q̄
        const width = panelWidth(d - c);
        rowsTimesPanel(dqRows + <usize>c * BYTES, rowOfDq, dS, rowOfDS, from, width, pairs, ZEROS, queries, j > 0);
        from += <usize>(pairs * width) * BYTES, c += width;
      }
    }
    copyRuns(dq + offset, dqRows, queries, d, d, wide);
  }
}

/** Q̄, K̄ and V̄ from Ō, with O and λ as computed by `attention`; d ≤ WIDEST_HEAD. */
export function attentionVjp(
  dq: usize, dk: usize, dv: usize,
  q: usize, keys: usize, v: usize, o: usize, logSum: usize, dO: usize,
  heads: i32, N: i32, k: i32, d: i32,
): void {
  assert(((dq | dk | dv | q | keys | v | o | logSum | dO) & 3) == 0, "pointers must be 4-byte aligned");
  assert(d <= WIDEST_HEAD, "attentionVjp: a head is too wide");
  const queries = <usize>(N * d) * BYTES, values = <usize>(k * d) * BYTES;
  for (; heads > 0; heads--) {
    head(dq, dk, dv, q, keys, v, o, logSum, dO, N, k, d);
    dq += queries, q += queries, o += queries, dO += queries, logSum += <usize>N * BYTES;
    dk += values, dv += values, keys += values, v += values;
  }
}
