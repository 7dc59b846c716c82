/**
 * Matrix product, blocked for the caches:
 *
 *   C (+)= A B + bias     C m × n, A m × k (stored k × m if ta), B k × n (stored n × k if tb), bias n; all row-major and dense
 *
 *   for a block of B, at most KC × NC:      packed as panels, stays in the L2 cache
 *     for a block of A's rows, at most MC:  packed as rows, unless it lies so already
 *       for a panel (L1 cache):             tiles of 3 rows, then the rest of the rows
 *
 * Every element of C is summed over k in one order, wherever its row lies in a block: rows may be split among threads and give the same bits.
 */
import { copyRuns } from "../move";
import { SCRATCH_BYTES, scratch } from "../scratch";
import { packPanels, panelWidth, transpose } from "./pack";
import { tile1x12, tile2x12, tiles3x12 } from "./tile12";
import { tile1x8, tile2x8, tiles3x8 } from "./tile8";

const BYTES: i32 = 4;
const ROWS: i32 = 3;
const WIDEST: i32 = 12;

/** Longest sum in one pass. */
const KC: i32 = 384;
/** Bytes of a block of B (most of an L2 cache of 1 MB), of A, of an A that is transposed, and of C's columns that are no full panel. */
const B_BYTES: i32 = 768 * 1024;
const A_BYTES: i32 = 72 * 1024;
const TRANSPOSED_A_BYTES: i32 = 144 * 1024;
const EDGE_BYTES: i32 = 128 * 1024;

/** The length of equal parts, a multiple of `step`, into which `total` is cut so that none is over `most`, itself at least a step. */
export function part(total: i32, most: i32, step: i32): i32 {
  const limit = max(most / step, 1) * step;
  const count = (total + limit - 1) / limit;
  const length = (total + count - 1) / count;
  return (length + step - 1) / step * step;
}

/** What sums start from where there is no bias. */
export const ZEROS: usize = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Two rows or one, under one panel. */
function thin(
  c: usize, ldc: usize, a: usize, lda: usize, panel: usize, width: i32, depth: i32, start: usize, rows: i32, accumulate: bool,
): void {
  if (width == WIDEST) {
    if (rows == 2) tile2x12(c, ldc, a, lda, panel, depth, start, accumulate);
    else tile1x12(c, ldc, a, lda, panel, depth, start, accumulate);
  } else {
    if (rows == 2) tile2x8(c, ldc, a, lda, panel, depth, start, accumulate);
    else tile1x8(c, ldc, a, lda, panel, depth, start, accumulate);
  }
}

/** `rows` rows of C under one panel: by threes; a rest of 1 is 2 + 2 with the three before it. */
export function under(
  c: usize, ldc: usize, a: usize, lda: usize, panel: usize, width: i32, depth: i32, start: usize, rows: i32, accumulate: bool,
): void {
  let tiles = rows / ROWS;
  if (tiles > 0 && rows == tiles * ROWS + 1) tiles--;
  if (width == WIDEST) tiles3x12(c, ldc, a, lda, panel, depth, start, tiles, accumulate);
  else tiles3x8(c, ldc, a, lda, panel, depth, start, tiles, accumulate);
  for (let row = tiles * ROWS; row < rows; row += 2)
    thin(c + <usize>row * ldc, ldc, a + <usize>row * lda, lda, panel, width, depth, start, min(rows - row, 2), accumulate);
}

/** The last columns of C, which are no full panel: computed aside, then copied or added. */
function edge(c: usize, ldc: usize, aside: usize, width: i32, rows: i32, columns: i32, accumulate: bool): void {
  for (; rows > 0; rows--) {
    for (let j: usize = 0; j < <usize>columns; j++) {
      const value = load<f32>(aside + j * BYTES);
      store<f32>(c + j * BYTES, accumulate ? load<f32>(c + j * BYTES) + value : value);
    }
    c += ldc, aside += <usize>(width * BYTES);
  }
}

/** One product of k ≥ 1 terms. `accumulate`: C is added to, not written over. `bias`: added to each row; 0: none. */
function product(c: usize, a: usize, b: usize, bias: usize, m: i32, n: i32, k: i32, ta: bool, tb: bool, accumulate: bool): void {
  if (m == 0 || n == 0) return;
  assert(((c | a | b | bias) & 3) == 0, "pointers must be 4-byte aligned");
  assert(m > 0 && n > 0 && k > 0, "product: sizes must be positive");
  assert(scratch != 0, "product: useScratch comes first");
  const lda = <usize>((ta ? m : k) * BYTES), ldb = <usize>((tb ? k : n) * BYTES), ldc = <usize>(n * BYTES);
  const kc = part(k, KC, 1);
  const nc = part(n, B_BYTES / (kc * BYTES) - WIDEST, WIDEST); // the last panel may be wider than its columns
  const mc = part(m, min((ta ? TRANSPOSED_A_BYTES : A_BYTES) / (kc * BYTES), EDGE_BYTES / (WIDEST * BYTES)), ROWS);
  const packedB = scratch, packedA = packedB + B_BYTES, aside = packedA + TRANSPOSED_A_BYTES, lastBias = aside + EDGE_BYTES;
  assert(B_BYTES + TRANSPOSED_A_BYTES + EDGE_BYTES + WIDEST * BYTES <= <i32>SCRATCH_BYTES);

  for (let j = 0; j < n; j += nc) {
    const columns = min(nc, n - j);
    for (let p = 0; p < k; p += kc) {
      const depth = min(kc, k - p), adds = accumulate || p > 0;
      packPanels(packedB, b + (tb ? <usize>j * ldb + <usize>(p * BYTES) : <usize>p * ldb + <usize>(j * BYTES)), ldb, depth, columns, tb);
      for (let i = 0; i < m; i += mc) {
        const rows = min(mc, m - i);
        let block = a + <usize>i * lda, ld = lda; // rows that lie one after the other are read where they are
        if (ta) {
          block = packedA, ld = <usize>(depth * BYTES);
          transpose(packedA, ld, a + <usize>p * lda + <usize>(i * BYTES), lda, depth, rows);
        } else if (depth < k) {
          copyRuns(packedA, block + <usize>(p * BYTES), rows, depth, depth, k);
          block = packedA, ld = <usize>(depth * BYTES);
        }
        let panel = packedB, at = c + <usize>i * ldc + <usize>(j * BYTES);
        for (let left = columns; left > 0; ) {
          const width = panelWidth(left);
          let start = bias == 0 || p > 0 ? ZEROS : bias + <usize>((j + columns - left) * BYTES);
          if (left >= width) under(at, ldc, block, ld, panel, width, depth, start, rows, adds);
          else {
            if (start != ZEROS) { // nothing is read beyond the bias
              memory.copy(lastBias, start, <usize>(left * BYTES));
              start = lastBias;
            }
            under(aside, <usize>(width * BYTES), block, ld, panel, width, depth, start, rows, false);
            edge(at, ldc, aside, width, rows, left, adds);
          }
          panel += <usize>(depth * width * BYTES), at += <usize>(width * BYTES), left -= width;
        }
      }
    }
  }
}

/** One product. `accumulate`: C is added to, not written over. */
export function gemm(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, ta: bool, tb: bool, accumulate: bool): void {
  if (k > 0) product(c, a, b, 0, m, n, k, ta, tb, accumulate);
  else if (!accumulate) memory.fill(c, 0, <usize>m * n * BYTES);
}

/** C = A Bᵀ + bias, a row of C for each row of A, k ≥ 1. */
export function gemmWithBias(c: usize, a: usize, b: usize, bias: usize, m: i32, n: i32, k: i32): void {
  product(c, a, b, bias, m, n, k, false, true, false);
}

/** `batch` products; one B for all of them if `shared`. */
export function matmul(c: usize, a: usize, b: usize, batch: i32, m: i32, n: i32, k: i32, ta: bool, tb: bool, shared: bool): void {
  if (shared && !ta) {
    gemm(c, a, b, batch * m, n, k, ta, tb, false); // the rows of all are one matrix
    return;
  }
  for (; batch > 0; batch--) {
    gemm(c, a, b, m, n, k, ta, tb, false);
    c += <usize>(m * n * BYTES), a += <usize>(m * k * BYTES);
    if (!shared) b += <usize>(k * n * BYTES);
  }
}
