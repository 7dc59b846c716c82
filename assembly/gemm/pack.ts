/** Packs blocks of a matrix into panels, which register tiles read in memory order. Leading dimensions in bytes. */

const BYTES: usize = 4;
const LANES: i32 = 4;

/** dst[j, i] = src[i, j] for i < rows, j < columns: blocks of 4 × 4 in registers, then the edges one by one. */
export function transpose(dst: usize, ldd: usize, src: usize, lds: usize, rows: i32, columns: i32): void {
  let i = 0;
  for (; i + LANES <= rows; i += LANES) {
    let s0 = src + <usize>i * lds, s1 = s0 + lds, s2 = s1 + lds, s3 = s2 + lds;
    let d = dst + <usize>i * BYTES, j = 0;
    for (; j + LANES <= columns; j += LANES) {
      const r0 = v128.load(s0), r1 = v128.load(s1), r2 = v128.load(s2), r3 = v128.load(s3);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(d, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(d + ldd, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
      v128.store(d + 2 * ldd, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      v128.store(d + 3 * ldd, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
      s0 += 16, s1 += 16, s2 += 16, s3 += 16, d += 4 * ldd;
    }
    for (; j < columns; j++) {
      store<f32>(d, load<f32>(s0));
      store<f32>(d, load<f32>(s1), 4);
      store<f32>(d, load<f32>(s2), 8);
      store<f32>(d, load<f32>(s3), 12);
      s0 += 4, s1 += 4, s2 += 4, s3 += 4, d += ldd;
    }
  }
  for (; i < rows; i++) {
    const s = src + <usize>i * lds;
    let d = dst + <usize>i * BYTES;
    for (let j: usize = 0; j < <usize>columns; j++) {
      store<f32>(d, load<f32>(s + j * BYTES));
      d += ldd;
    }
  }
}

/** Packs `columns` columns of B (depth × n) into a panel [depth][width]; missing columns are zero. */
function packColumns(panel: usize, width: i32, b: usize, ldb: usize, depth: i32, columns: i32): void {
  const row = <usize>width * BYTES;
  if (columns == 12) {
    for (; depth > 0; depth--) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32);
      v128.store(panel, b0), v128.store(panel, b1, 16), v128.store(panel, b2, 32);
      panel += row, b += ldb;
    }
    return;
  }
  if (columns < width) memory.fill(panel, 0, <usize>depth * row);
  for (; depth > 0; depth--) {
    let j = 0;
    for (; j + LANES <= columns; j += LANES) v128.store(panel + <usize>j * BYTES, v128.load(b + <usize>j * BYTES));
    for (; j < columns; j++) store<f32>(panel + <usize>j * BYTES, load<f32>(b + <usize>j * BYTES));
    panel += row, b += ldb;
  }
}

/** The same for a B that is stored transposed, n × depth. */
function packRows(panel: usize, width: i32, b: usize, ldb: usize, depth: i32, columns: i32): void {
  const row = <usize>width * BYTES;
  if (columns < width) memory.fill(panel, 0, <usize>depth * row);
  transpose(panel, row, b, ldb, columns, depth);
}

/** Width of the next panel when `left` columns are left: 12, or 8 where that wastes fewer columns. */
export function panelWidth(left: i32): i32 {
  return left <= 8 || (left > 12 && left <= 16) ? 8 : 12;
}

/** Total width of the panels of n columns. */
export function panelsWidth(n: i32): i32 {
  let width = 0;
  while (width < n) width += panelWidth(n - width);
  return width;
}

/** So many rows are packed into all panels before the next rows, so that reads stay within few pages of memory. */
const ROWS: i32 = 16;

/**
 * Packs B, depth × n (stored n × depth if `transposed`), into consecutive panels, whose widths are those of `panelWidth`. The last panel may be wider
 * than its columns. A caller may pack chunks of the columns separately: chunks start at multiples of 12, and the last one must have more than
 * 12 columns unless it is the only one.
 */
export function packPanels(to: usize, b: usize, ldb: usize, depth: i32, n: i32, transposed: bool): void {
  const rows = transposed ? depth : ROWS;
  for (let p = 0; p < depth; p += rows)
    for (let j = 0; j < n; ) {
      const width = panelWidth(n - j), columns = min(n - j, width), panel = to + <usize>(depth * j + p * width) * BYTES;
      if (transposed) packRows(panel, width, b + <usize>j * ldb, ldb, depth, columns);
      else packColumns(panel, width, b + <usize>p * ldb + <usize>j * BYTES, ldb, min(rows, depth - p), columns);
      j += width;
    }
}
