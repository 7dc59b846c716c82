/** Matrix products dealt out: which rows or columns make a part. Addresses in bytes. */
import type { Deal } from "./deal.ts";

const BYTES = 4;
/** Columns of a full panel (assembly/gemm/pack.ts) and rows of a tile: parts start at multiples of them. */
const PANEL = 12;
const TILE = 3;
/** Multiply–adds that are worth a part of their own, about 40 µs. */
const MACS = 2 ** 20;
/** Rows that one packed matrix must serve, so that packing it is less than 4 % of the work. */
const SERVED = 156;

/** A m × k (stored k × m if ta), B k × n (stored n × k if tb), C m × n, all dense; bias 0: none. */
export interface Product {
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

interface Units {
  readonly count: number;
  readonly span: (start: number, some: number) => readonly [from: number, length: number];
}

/** `n` in units of `unit`; the last has what is left over too. */
function unitsOf(n: number, unit: number): Units {
  const count = Math.max(1, Math.floor(n / unit));
  return { count, span: (start, some) => [start * unit, start + some === count ? n - start * unit : some * unit] };
}

/** Units that are worth a part. */
const grainOf = ({ count }: Units, macs: number): number => Math.ceil((MACS * count) / Math.max(1, macs));

/**
 * C = A B + bias, B packed by each part for itself. Parts are of columns, so that none of B is packed twice. But an A that is stored transposed
 * must be packed too: then parts are of the longer side, and the smaller matrix is packed again by each.
 */
export function dealGemm(deal: Deal, { c, a, b, bias, m, n, k, ta, tb }: Product): void {
  const [lda, ldb, macs] = [ta ? m : k, tb ? k : n, m * n * k];
  if (ta ? m >= n : n < 4 * PANEL) {
    const tiles = unitsOf(m, TILE);
    deal("gemm", tiles.count, Math.max(grainOf(tiles, macs), SERVED / TILE), (start, some) => {
      const [i, rows] = tiles.span(start, some);
      return [c + i * n * BYTES, n, a + i * (ta ? 1 : k) * BYTES, lda, b, ldb, bias, rows, n, k, ta, tb, false];
    });
    return;
  }
  const panels = unitsOf(n, PANEL);
  deal("gemm", panels.count, Math.max(grainOf(panels, macs), ta ? SERVED / PANEL : 1), (start, some) => {
    const [j, columns] = panels.span(start, some);
    const [cj, bj, biasj] = [c + j * BYTES, b + j * (tb ? k : 1) * BYTES, bias === 0 ? 0 : bias + j * BYTES];
    return [cj, n, a, lda, bj, ldb, biasj, m, columns, k, ta, tb, false];
  });
}

/** `batch` products without bias, each as it would be alone; one B for all of them if `shared`. */
export function dealMatmul(deal: Deal, product: Product, batch: number, shared: boolean): void {
  const { c, a, b, m, n, k, ta, tb } = product;
  if (batch === 1) return dealGemm(deal, product);
  if (shared && !ta) return dealGemm(deal, { ...product, m: batch * m }); // the rows of all are one matrix
  const next = shared ? 0 : k * n;
  deal("matmul", batch, Math.ceil(MACS / Math.max(1, m * n * k)), (i, count) => {
    const [ci, ai, bi] = [c + i * m * n * BYTES, a + i * m * k * BYTES, b + i * next * BYTES];
    return [ci, ai, bi, count, m, n, k, ta, tb, shared];
  });
}

/** What a matrix of k × n takes as panels, in numbers a row. */
export const packedColumns = (n: number): number => Math.max(8, Math.ceil(n / 4) * 4);

/** B, stored n × k, as panels. */
export function dealPack(deal: Deal, panels: number, b: number, n: number, k: number): void {
  const units = unitsOf(n, PANEL);
  deal("pack", units.count, 2 * PANEL, (start, some) => {
    const [j, columns] = units.span(start, some);
    return [panels + j * k * BYTES, b + j * k * BYTES, k, k, columns, true];
  });
}

/** C = A B + bias of a B that is packed, A m × k as it lies. Bits as of `dealGemm`. */
export function dealMultiply(deal: Deal, c: number, a: number, panels: number, bias: number, m: number, n: number, k: number): void {
  const units = unitsOf(n, PANEL);
  deal("multiply", units.count, grainOf(units, m * n * k), (start, some) => {
    const [j, columns] = units.span(start, some);
    return [c + j * BYTES, n, a, k, panels + j * k * BYTES, bias + j * BYTES, m, columns, k, false, false];
  });
}
