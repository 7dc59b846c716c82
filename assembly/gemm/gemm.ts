/**
 * Matrix product, blocked for the caches:
 *
 *   C (+)= A B + bias     C m × n, A m × k (stored k × m if ta), B k × n (stored n × k if tb), bias n; all row-major
 *
 *   B is packed first (pack.ts), whole by whoever will use it again (`multiply`), or block by block as it is needed (`gemm`);
 *   for a block of its panels, which stays in the L2 cache:
 *     for a block of A's rows:
 *       for a panel:  tiles of 3 rows, then the rest of the rows
 *
 * Rows of A are read where they lie, and their sums are finished in registers. An A that is stored transposed is turned round block by block,
 * and its sums, which run over all tokens of a batch, are cut into parts whose panels stay in the L1 cache.
 *
 * Every element of C is summed over k in one order, wherever its row and its column lie in a block: rows and panels may be split among
 * threads and give the same bits.
 */
import { SCRATCH_BYTES, scratch } from "../scratch";
import { packPanels, panelWidth, transpose } from "./pack";
import { tile1x12, tile2x12, tiles3x12 } from "./tile12";
import { tile1x8, tile2x8, tiles3x8 } from "./tile8";

const BYTES: i32 = 4;
const ROWS: i32 = 3;
const WIDEST: i32 = 12;

/** Longest sum in one pass: of rows, and of an A that is transposed. */
const LONGEST: i32 = 1536;
const LONGEST_TRANSPOSED: i32 = 384;
/** Bytes of a block of B (most of an L2 cache of 1 MB), of A, of an A that is transposed, and of C's rows and columns that are no full tile. */
const B_BYTES: i32 = 768 * 1024;
const A_BYTES: i32 = 320 * 1024;
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

/** The parts of the scratch: a block of B, one of a transposed A, and what is no full tile. */
@inline
function packedB(): usize {
  return scratch;
}
@inline
function packedA(): usize {
  return scratch + B_BYTES;
}
@inline
function aside(): usize {
  return scratch + B_BYTES + TRANSPOSED_A_BYTES;
}
@inline
function lastBias(): usize {
  return scratch + B_BYTES + TRANSPOSED_A_BYTES + EDGE_BYTES;
}

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

/** What is no full tile was computed aside: copied to its place, or added. */
function edge(c: usize, ldc: usize, from: usize, width: i32, rows: i32, columns: i32, accumulate: bool): void {
  for (; rows > 0; rows--) {
    for (let j: usize = 0; j < <usize>columns; j++) {
      const value = load<f32>(from + j * BYTES);
      store<f32>(c + j * BYTES, accumulate ? load<f32>(c + j * BYTES) + value : value);
    }
    c += ldc, from += <usize>(width * BYTES);
  }
}

/** A block of rows of A, as they lie, under one panel of `columns` columns of B. */
function rowsUnder(
  c: usize, ldc: usize, a: usize, lda: usize, panel: usize, columns: i32, width: i32, depth: i32, bias: usize, rows: i32, accumulate: bool,
): void {
  let start = bias == 0 ? ZEROS : bias;
  if (columns >= width) {
    under(c, ldc, a, lda, panel, width, depth, start, rows, accumulate);
    return;
  }
  if (bias != 0) { // nothing is read beyond the bias
    start = lastBias();
    memory.copy(start, bias, <usize>(columns * BYTES));
  }
  under(aside(), <usize>(width * BYTES), a, lda, panel, width, depth, start, rows, false);
  edge(c, ldc, aside(), width, rows, columns, accumulate);
}

/** C m × n of a B that is packed whole. Sums in parts of kc, columns of B in blocks of nc, rows of A in blocks of mc. Strides in bytes. */
function timesPanels(
  c: usize, ldc: usize, a: usize, lda: usize, panels: usize, bias: usize, m: i32, n: i32, k: i32, ta: bool, accumulate: bool,
): void {
  const kc = part(k, ta ? LONGEST_TRANSPOSED : LONGEST, 1);
  const nc = part(n, B_BYTES / (kc * BYTES), WIDEST);
  const mc = part(m, min((ta ? TRANSPOSED_A_BYTES : A_BYTES) / (kc * BYTES), EDGE_BYTES / (WIDEST * BYTES)), ROWS);
  for (let j = 0; j < n; j += nc)
    for (let p = 0; p < k; p += kc) {
      const terms = min(kc, k - p), adds = accumulate || p > 0;
      for (let i = 0; i < m; i += mc) {
        const rows = min(mc, m - i);
        let block = a + <usize>i * lda + <usize>(p * BYTES), ld = lda; // rows are read where they lie
        if (ta) {
          block = packedA(), ld = <usize>(terms * BYTES);
          transpose(block, ld, a + <usize>p * lda + <usize>(i * BYTES), lda, terms, rows);
        }
        for (let at = j; at < min(j + nc, n); ) {
          const width = panelWidth(n - at), columns = min(width, n - at), shift = <usize>(at * BYTES);
          const panel = panels + <usize>(k * at + p * width) * BYTES, start: usize = bias == 0 || p > 0 ? 0 : bias + shift;
          rowsUnder(c + <usize>i * ldc + shift, ldc, block, ld, panel, columns, width, terms, start, rows, adds);
          at += width;
        }
      }
    }
}

/** B (stored n × k if tb, rows `ldb` numbers apart) as panels: k · max(8, n rounded up to a multiple of 4) numbers. */
export function pack(panels: usize, b: usize, ldb: i32, k: i32, n: i32, tb: bool): void {
  packPanels(panels, b, <usize>(ldb * BYTES), k, n, tb);
}

/**
 * C (+)= A B + bias of a B that `pack` has packed, k ≥ 1. C's rows lie `ldc` numbers apart, those of A as it is stored `lda`.
 * `accumulate`: C is added to, not written over. `bias`: added to each row; 0: none.
 */
export function multiply(
  c: usize, ldc: i32, a: usize, lda: i32, panels: usize, bias: usize, m: i32, n: i32, k: i32, ta: bool, accumulate: bool,
): void {
  if (m == 0 || n == 0) return;
  assert(((c | a | panels | bias) & 3) == 0, "pointers must be 4-byte aligned");
  assert(m > 0 && n > 0 && k > 0, "product: sizes must be positive");
  assert(ldc >= n && lda >= (ta ? m : k), "product: rows must not overlap");
  assert(scratch != 0, "product: useScratch comes first");
  assert(B_BYTES + TRANSPOSED_A_BYTES + EDGE_BYTES + WIDEST * BYTES <= <i32>SCRATCH_BYTES);
  timesPanels(c, <usize>(ldc * BYTES), a, <usize>(lda * BYTES), panels, bias, m, n, k, ta, accumulate);
}

/** The same of a B as it is stored, packed block by block. Bits as of `multiply`. Sums of no terms are the bias, or zero. */
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
  const kc = part(k, ta ? LONGEST_TRANSPOSED : LONGEST, 1);
  const nc = part(n, B_BYTES / (kc * BYTES) - WIDEST, WIDEST); // the last panel may be wider than its columns
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

/** `batch` products of dense matrices, without bias; one B for all of them if `shared`. */
export function matmul(c: usize, a: usize, b: usize, batch: i32, m: i32, n: i32, k: i32, ta: bool, tb: bool, shared: bool): void {
  for (; batch > 0; batch--) {
    gemm(c, n, a, ta ? m : k, b, tb ? k : n, 0, m, n, k, ta, tb, false);
    c += <usize>(m * n * BYTES), a += <usize>(m * k * BYTES);
    if (!shared) b += <usize>(k * n * BYTES);
  }
}
