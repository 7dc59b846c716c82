/**
 * Matrix multiplication (GEMM), blocked for the caches:
 *
 *   C (+)= A B + bias     C m × n, A m × k (stored k × m if ta), B k × n (stored n × k if tb), bias n; all row-major
 *
 *   B is packed into panels first (pack.ts): as a whole by callers that will use it again (`multiply`), or block by block (`gemm`);
 *   for each block of panels, which stays in the L2 cache:
 *     for each block of A's rows:
 *       for each panel:  register tiles of 3 rows, then the remaining rows
 *
 * Rows of A are not packed, and their sums are finished in registers. An A that is stored transposed is transposed block by block, and its sums,
 * which run over all tokens of a batch, are cut into pieces whose panels stay in the L1 cache.
 *
 * Every element of C is summed over k in the same order, wherever its row and column are in a block. So rows and panels may be split among
 * threads, and the result is bitwise identical.
 */
import { SCRATCH_BYTES, scratch } from "../scratch";
import { packPanels, panelWidth, transpose } from "./pack";
import { tile1x12, tile2x12, tiles3x12 } from "./tile12";
import { tile1x8, tile2x8, tiles3x8 } from "./tile8";

const BYTES: i32 = 4;
const ROWS: i32 = 3;
const WIDEST: i32 = 12;

/** The longest sum in one pass: for an A stored by rows, and for a transposed one. */
const LONGEST: i32 = 1536;
const LONGEST_TRANSPOSED: i32 = 384;
/** Bytes of a block of B (most of an L2 cache of 1 MB), of A, of a transposed A, and of the incomplete tiles at the edge of C. */
const B_BYTES: i32 = 768 * 1024;
const A_BYTES: i32 = 320 * 1024;
const TRANSPOSED_A_BYTES: i32 = 144 * 1024;
const EDGE_BYTES: i32 = 128 * 1024;

/** The length, a multiple of `step`, of equal blocks of `total` that are no longer than `most` (or than one step, if that is longer). */
export function blockLength(total: i32, most: i32, step: i32): i32 {
  const limit = max(most / step, 1) * step;
  const count = (total + limit - 1) / limit;
  const length = (total + count - 1) / count;
  return (length + step - 1) / step * step;
}

/** The start of sums without a bias. */
export const ZEROS: usize = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** The layout of the scratch: a block of B, a block of a transposed A, an incomplete tile, and its bias. */
@inline
function packedB(): usize {
  return scratch;
}
@inline
function packedA(): usize {
  return scratch + B_BYTES;
}
@inline
function edgeTile(): usize {
  return scratch + B_BYTES + TRANSPOSED_A_BYTES;
}
@inline
function lastBias(): usize {
  return scratch + B_BYTES + TRANSPOSED_A_BYTES + EDGE_BYTES;
}

/** One or two rows of C from one panel. */
function thinTile(
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

/** `rows` rows of C from one panel: three at a time; if one row would remain, the last four are done as 2 + 2. */
export function rowsTimesPanel(
  c: usize, ldc: usize, a: usize, lda: usize, panel: usize, width: i32, depth: i32, start: usize, rows: i32, accumulate: bool,
): void {
  let tiles = rows / ROWS;
  if (tiles > 0 && rows == tiles * ROWS + 1) tiles--;
  if (width == WIDEST) tiles3x12(c, ldc, a, lda, panel, depth, start, tiles, accumulate);
  else tiles3x8(c, ldc, a, lda, panel, depth, start, tiles, accumulate);
  for (let row = tiles * ROWS; row < rows; row += 2)
    thinTile(c + <usize>row * ldc, ldc, a + <usize>row * lda, lda, panel, width, depth, start, min(rows - row, 2), accumulate);
}

/** Copies an incomplete tile to its place in C, or adds it. */
function edge(c: usize, ldc: usize, from: usize, width: i32, rows: i32, columns: i32, accumulate: bool): void {
  for (; rows > 0; rows--) {
    for (let j: usize = 0; j < <usize>columns; j++) {
      const value = load<f32>(from + j * BYTES);
      store<f32>(c + j * BYTES, accumulate ? load<f32>(c + j * BYTES) + value : value);
    }
    c += ldc, from += <usize>(width * BYTES);
  }
}

/** A block of rows of A times one panel with `columns` columns of B. */
function blockTimesPanel(
  c: usize, ldc: usize, a: usize, lda: usize, panel: usize, columns: i32, width: i32, depth: i32, bias: usize, rows: i32, accumulate: bool,
): void {
  let start = bias == 0 ? ZEROS : bias;
  if (columns >= width) {
    rowsTimesPanel(c, ldc, a, lda, panel, width, depth, start, rows, accumulate);
    return;
  }
  if (bias != 0) { // so that nothing is read beyond the end of the bias
    start = lastBias();
    memory.copy(start, bias, <usize>(columns * BYTES));
  }
  rowsTimesPanel(edgeTile(), <usize>(width * BYTES), a, lda, panel, width, depth, start, rows, false);
  edge(c, ldc, edgeTile(), width, rows, columns, accumulate);
}

/** C (m × n) for a B that is packed as a whole. Sums in pieces of kc, columns of B in blocks of nc, rows of A in blocks of mc. Strides in bytes. */
function timesPanels(
  c: usize, ldc: usize, a: usize, lda: usize, panels: usize, bias: usize, m: i32, n: i32, k: i32, ta: bool, accumulate: bool,
): void {
  const kc = blockLength(k, ta ? LONGEST_TRANSPOSED : LONGEST, 1);
  const nc = blockLength(n, B_BYTES / (kc * BYTES), WIDEST);
  const mc = blockLength(m, min((ta ? TRANSPOSED_A_BYTES : A_BYTES) / (kc * BYTES), EDGE_BYTES / (WIDEST * BYTES)), ROWS);
  for (let j = 0; j < n; j += nc)
    for (let p = 0; p < k; p += kc) {
      const terms = min(kc, k - p), adds = accumulate || p > 0;
      for (let i = 0; i < m; i += mc) {
        const rows = min(mc, m - i);
        let block = a + <usize>i * lda + <usize>(p * BYTES), ld = lda; // rows are not packed
        if (ta) {
          block = packedA(), ld = <usize>(terms * BYTES);
          transpose(block, ld, a + <usize>p * lda + <usize>(i * BYTES), lda, terms, rows);
        }
        for (let at = j; at < min(j + nc, n); ) {
          const width = panelWidth(n - at), columns = min(width, n - at), shift = <usize>(at * BYTES);
          const panel = panels + <usize>(k * at + p * width) * BYTES, start: usize = bias == 0 || p > 0 ? 0 : bias + shift;
          blockTimesPanel(c + <usize>i * ldc + shift, ldc, block, ld, panel, columns, width, terms, start, rows, adds);
          at += width;
        }
      }
    }
}

/** Packs B (stored n × k if tb, rows `ldb` numbers apart) into panels, which take k · max(8, n rounded up to a multiple of 4) numbers. */
export function pack(panels: usize, b: usize, ldb: i32, k: i32, n: i32, tb: bool): void {
  packPanels(panels, b, <usize>(ldb * BYTES), k, n, tb);
}

/**
 * C (+)= A B + bias for a B that `pack` has packed, k ≥ 1. The rows of C are `ldc` numbers apart, the stored rows of A `lda`. With `accumulate`, the
 * result is added to C instead of overwriting it. `bias` is added to each row; 0: there is none.
 */
export function multiply(
  c: usize, ldc: i32, a: usize, lda: i32, panels: usize, bias: usize, m: i32, n: i32, k: i32, ta: bool, accumulate: bool,
): void {
  if (m == 0 || n == 0) return;
  assert(((c | a | panels | bias) & 3) == 0, "pointers must be 4-byte aligned");
  assert(m > 0 && n > 0 && k > 0, "gemm: sizes must be positive");
  assert(ldc >= n && lda >= (ta ? m : k), "gemm: rows must not overlap");
  assert(scratch != 0, "gemm: call useScratch first");
  assert(B_BYTES + TRANSPOSED_A_BYTES + EDGE_BYTES + WIDEST * BYTES <= <i32>SCRATCH_BYTES);
  timesPanels(c, <usize>(ldc * BYTES), a, <usize>(lda * BYTES), panels, bias, m, n, k, ta, accumulate);
}

/** The same for a B that is not packed; it is packed block by block. Bitwise identical to `multiply`. If k = 0, C is the bias or zero. */
export function gemm(
  c: usize, ldc: i32, a: usize, lda: i32, b: usize, ldb: i32, bias: usize, m: i32, n: i32, k: i32, ta: bool, tb: bool, accumulate: bool,
): void {
  if (k == 0 && !accumulate)
    for (let i = 0; i < m; i++) {
      const row = c + <usize>(i * ldc * BYTES);
      if (bias == 0) memory.fill(row, 0, <usize>(n * BYTES));
      else memory.copy(row, bias, <usize>(n * BYTES));
    }
  if (k == 0) return;
  const kc = blockLength(k, ta ? LONGEST_TRANSPOSED : LONGEST, 1);
  const nc = blockLength(n, B_BYTES / (kc * BYTES) - WIDEST, WIDEST); // the last panel may be wider than its columns
  for (let j = 0; j < n; j += nc)
    for (let p = 0; p < k; p += kc) {
      const columns = min(nc, n - j), depth = min(kc, k - p);
      pack(packedB(), b + <usize>(tb ? j * ldb + p : p * ldb + j) * BYTES, ldb, depth, columns, tb);
      multiply(
        c + <usize>(j * BYTES), ldc, a + <usize>(ta ? p * lda : p) * BYTES, lda, packedB(), bias == 0 || p > 0 ? 0 : bias + <usize>(j * BYTES),
        m, columns, depth, ta, accumulate || p > 0,
      );
    }
}

/** `batch` multiplications of dense matrices without bias; `shared`: one B serves all of them. */
export function matmul(c: usize, a: usize, b: usize, batch: i32, m: i32, n: i32, k: i32, ta: bool, tb: bool, shared: bool): void {
  for (; batch > 0; batch--) {
    gemm(c, n, a, ta ? m : k, b, tb ? k : n, 0, m, n, k, ta, tb, false);
    c += <usize>(m * n * BYTES), a += <usize>(m * k * BYTES);
    if (!shared) b += <usize>(k * n * BYTES);
  }
}
