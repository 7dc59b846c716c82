/** The workgroup tiles of GEMM on matrix units: their sides, threads, panels and workgroup memory. */
import { factorBytes, type MatrixUnits } from "../units.ts";
import type { GemmFormat } from "./format.ts";
import { alongK, type Side } from "./operands.ts";

/** Subgroups in a column and in a row of the workgroup tile, and fragments of C in a column and in a row of a subgroup's part. */
export interface SubgroupGrid {
  readonly subgroups: readonly [down: number, across: number];
  readonly fragments: readonly [down: number, across: number];
}

export const subgroupGrids: readonly SubgroupGrid[] = [
  { subgroups: [2, 3], fragments: [4, 4] },
  { subgroups: [2, 2], fragments: [4, 4] },
  { subgroups: [3, 2], fragments: [4, 3] },
  { subgroups: [2, 2], fragments: [4, 3] },
  { subgroups: [2, 2], fragments: [2, 2] },
  { subgroups: [1, 2], fragments: [2, 1] },
];

export interface MatrixTile extends SubgroupGrid, MatrixUnits {
  /** Terms of a step, a multiple of the shape's k. */
  readonly depth: number;
  /** Padding of the lines of a panel, in numbers, so that neighbouring lines lie in different banks. */
  readonly gap: number;
  /** Panels of each factor: with two, one is filled while the units multiply the other, and a step costs one barrier instead of two. */
  readonly buffers: 1 | 2;
}

/** Numbers of an element of the panels' arrays: vectors of four where fragments are loaded from them. */
export const vectorOf = ({ syntax }: MatrixTile): 1 | 4 => (syntax === "parameter" ? 4 : 1);

const F32_BYTES = 4;

/** Rows and columns of C that a subgroup computes. */
export const ownSides = ({ fragments, shape }: MatrixTile): readonly [rows: number, columns: number] => [
  fragments[0] * shape.m,
  fragments[1] * shape.n,
];

export const sidesOf = (tile: MatrixTile): readonly [rows: number, columns: number] => {
  const [ownRows, ownColumns] = ownSides(tile);
  return [tile.subgroups[0] * ownRows, tile.subgroups[1] * ownColumns];
};

export const matrixThreads = ({ subgroups: [down, across], size }: MatrixTile): number => down * across * size;

/** A panel in workgroup memory. */
interface Panel {
  readonly lines: number;
  /** Numbers of a line, without and with its padding. */
  readonly length: number;
  readonly stride: number;
}

/** The panel of A or B, which has the lines that the matrix has in memory. */
export function panelOf(side: Side, tile: MatrixTile, format: GemmFormat): Panel {
  const across = sidesOf(tile)[side === "a" ? 0 : 1];
  const [lines, length] = alongK(side, format) ? [across, tile.depth] : [tile.depth, across];
  return { lines, length, stride: length + tile.gap };
}

/** Whether each thread fetches the same four rows of A at all terms, as it needs to add them up (rowSums.ts). */
export const keepsRows = (tile: MatrixTile): boolean => matrixThreads(tile) % (sidesOf(tile)[0] / 4) === 0;

/** How many f32 the workgroup memory holds that passes sums on: those of one fragment for each subgroup, or four of A's rows for each thread. */
export function resultNumbers(tile: MatrixTile, { rowSums }: GemmFormat): number {
  const { subgroups, shape } = tile;
  return Math.max(subgroups[0] * subgroups[1] * shape.m * shape.n, rowSums === null ? 0 : 4 * matrixThreads(tile));
}

/** Workgroup memory of both panels and of the results. */
export function matrixBytes(tile: MatrixTile, format: GemmFormat): number {
  const numbers = (["a", "b"] as const)
    .map((side) => panelOf(side, tile, format))
    .reduce((sum, { lines, stride }) => sum + lines * stride, 0);
  return tile.buffers * numbers * factorBytes(tile) + resultNumbers(tile, format) * F32_BYTES;
}
