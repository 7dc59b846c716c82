/** Matrix multiplications (GEMM) in chunks of rows or of columns. Addresses in bytes. */
import { F32_BYTES } from "../heap.ts";
import type { ParallelFor } from "./parallelFor.ts";

/** Columns of a full panel (assembly/gemm/pack.ts) and rows of a register tile: chunks start at multiples of them. */
const PANEL = 12;
const TILE = 3;
/** Multiply–adds that are worth a chunk of their own, about 40 µs. */
const MACS_PER_CHUNK = 2 ** 20;
/** Rows that a packed matrix must serve, so that packing it is less than 4 % of the work. */
const ROWS_PER_PACK = 156;

/** C = A B + bias. A is m × k (stored k × m if ta), B k × n (stored n × k if tb), C m × n, all dense; bias 0: there is none. */
export interface Gemm {
  readonly c: number;
  readonly a: number;
  readonly b: number;
  readonly bias: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly ta: boolean;
  readonly tb: boolean;
}

/** A range of rows or columns, counted in tiles or panels. */
interface Units {
  readonly count: number;
  /** The rows or columns of `some` units from `start` on. */
  readonly span: (start: number, some: number) => readonly [from: number, length: number];
}

/** A range of n in units of `unit`; the last unit also has the remainder. */
function unitsOf(n: number, unit: number): Units {
  const count = Math.max(1, Math.floor(n / unit));
  return { count, span: (start, some) => [start * unit, start + some === count ? n - start * unit : some * unit] };
}

/** Units that are worth a chunk of their own, where all of them take `macs` multiply–adds. */
const minimumChunk = ({ count }: Units, macs: number): number => Math.ceil((MACS_PER_CHUNK * count) / Math.max(1, macs));

/**
 * C = A B + bias, where each chunk packs its own B. Chunks are of columns, so that no part of B is packed twice. But an A that is stored
 * transposed must be packed as well; then the longer side of C is cut, and each chunk packs the smaller matrix again.
 */
export function parallelGemm(parallelFor: ParallelFor, { c, a, b, bias, m, n, k, ta, tb }: Gemm): void {
  const [lda, ldb, macs] = [ta ? m : k, tb ? k : n, m * n * k];
  if (ta ? m >= n : n < 4 * PANEL) {
    const tiles = unitsOf(m, TILE);
    parallelFor("gemm", tiles.count, Math.max(minimumChunk(tiles, macs), ROWS_PER_PACK / TILE), (start, some) => {
      const [i, rows] = tiles.span(start, some);
      return [c + i * n * F32_BYTES, n, a + i * (ta ? 1 : k) * F32_BYTES, lda, b, ldb, bias, rows, n, k, ta, tb, false];
    });
    return;
  }
  const panels = unitsOf(n, PANEL);
  parallelFor("gemm", panels.count, Math.max(minimumChunk(panels, macs), ta ? ROWS_PER_PACK / PANEL : 1), (start, some) => {
    const [j, columns] = panels.span(start, some);
    const [cj, bj, biasj] = [c + j * F32_BYTES, b + j * (tb ? k : 1) * F32_BYTES, bias === 0 ? 0 : bias + j * F32_BYTES];
    return [cj, n, a, lda, bj, ldb, biasj, m, columns, k, ta, tb, false];
  });
}

/** `batch` matrix multiplications without bias, each bitwise identical to `parallelGemm` of it alone; `shared`: one B serves all of them. */
export function parallelMatmul(parallelFor: ParallelFor, gemm: Gemm, batch: number, shared: boolean): void {
  const { c, a, b, m, n, k, ta, tb } = gemm;
  if (batch === 1) return parallelGemm(parallelFor, gemm);
  if (shared && !ta) return parallelGemm(parallelFor, { ...gemm, m: batch * m }); // the rows of all A make one matrix
  const next = shared ? 0 : k * n;
  parallelFor("matmul", batch, Math.ceil(MACS_PER_CHUNK / Math.max(1, m * n * k)), (i, count) => {
    const [ci, ai, bi] = [c + i * m * n * F32_BYTES, a + i * m * k * F32_BYTES, b + i * next * F32_BYTES];
    return [ci, ai, bi, count, m, n, k, ta, tb, shared];
  });
}

/** Columns of a matrix of n columns once it is packed into panels, padding included. */
export const packedColumns = (n: number): number => Math.max(8, Math.ceil(n / 4) * 4);

/** Packs B, stored n × k, into panels. */
export function parallelPack(parallelFor: ParallelFor, panels: number, b: number, n: number, k: number): void {
  const units = unitsOf(n, PANEL);
  parallelFor("pack", units.count, 2 * PANEL, (start, some) => {
    const [j, columns] = units.span(start, some);
    return [panels + j * k * F32_BYTES, b + j * k * F32_BYTES, k, k, columns, true];
  });
}

/** C = A B + bias for a B that is packed already and an A stored m × k. Bitwise identical to `parallelGemm`. */
export function parallelMultiply(
  parallelFor: ParallelFor,
  { c, a, panels, bias, m, n, k }: Omit<Gemm, "b" | "ta" | "tb"> & { readonly panels: number },
): void {
  const units = unitsOf(n, PANEL);
  parallelFor("multiply", units.count, minimumChunk(units, m * n * k), (start, some) => {
    const [j, columns] = units.span(start, some);
    return [c + j * F32_BYTES, n, a, k, panels + j * k * F32_BYTES, bias + j * F32_BYTES, m, columns, k, false, false];
  });
}
