/** Sizes of the programs of attention on matrix units: rows, threads, workgroup memory and registers. */
import { factorBytes, type MatrixUnits } from "../units.ts";
import { joined, range } from "../text.ts";
import type { HeadFormat } from "./format.ts";
import type { AttentionKind } from "./operands.ts";

export interface MatrixFormat extends HeadFormat, MatrixUnits {
  /** Subgroups of a workgroup. */
  readonly subgroups: number;
  /** Other rows at once. */
  readonly tile: number;
}

/** What distinguishes the programs in the memory that they need. */
export interface MatrixNeeds {
  /** Own matrices, whose fragments lie in registers. */
  readonly own: number;
  /** Results, whose sums lie in registers. */
  readonly results: number;
  /** Products of an own matrix and a tile, which pass through workgroup memory. */
  readonly scores: number;
  /** Arrays of weights, made of these products. */
  readonly weights: number;
}

export const needs: Readonly<Record<AttentionKind, MatrixNeeds>> = {
  forward: { own: 1, results: 1, scores: 1, weights: 1 },
  dQueries: { own: 2, results: 1, scores: 2, weights: 1 },
  dKeys: { own: 2, results: 2, scores: 2, weights: 2 },
};

const F32_BYTES = 4;

/** Padding of lines in workgroup memory, in bytes, so that neighbouring lines lie in different banks. */
const PADDING = 16;

export const ownRows = ({ subgroups, shape }: MatrixFormat): number => subgroups * shape.m;
export const matrixThreads = ({ subgroups, size }: MatrixFormat): number => subgroups * size;

/** Lengths of lines in workgroup memory, padding included, in vectors of four numbers: of the panel, the scores, the weights. */
export const panelLine = (format: MatrixFormat): number => (format.width + PADDING / factorBytes(format)) / 4;
export const scoreLine = ({ tile }: MatrixFormat): number => (tile + PADDING / F32_BYTES) / 4;
export const weightLine = (format: MatrixFormat): number => (format.tile + PADDING / factorBytes(format)) / 4;

/** Lines of the panel, which holds the rows of an own matrix, and later two tiles. */
export const panelLines = (format: MatrixFormat): number => Math.max(ownRows(format), 2 * format.tile);

/** Workgroup memory. */
export function matrixBytes(format: MatrixFormat, { scores, weights }: MatrixNeeds): number {
  const rows = ownRows(format);
  const factors = panelLines(format) * panelLine(format) + weights * rows * weightLine(format);
  const sums = scores * rows * scoreLine(format);
  const ofThreadsAndTile = matrixThreads(format) + 2 * format.tile + 1;
  return 4 * (factorBytes(format) * factors + F32_BYTES * sums) + F32_BYTES * ofThreadsAndTile;
}

/** Registers of a thread for all but fragments that outlive a tile: scores, the next tile, addresses. An estimate. */
const OTHER_REGISTERS = 64;

/** Registers of a thread, of 32 bits each. An estimate, since a compiler may need more. */
export function matrixRegisters(format: MatrixFormat, { own, results }: MatrixNeeds): number {
  const { width, shape, size } = format;
  const ofStrip = (width * shape.m) / size;
  return (own * ofStrip * factorBytes(format)) / F32_BYTES + results * ofStrip + OTHER_REGISTERS;
}

/** Threads that share a row of scores. */
export const perRow = ({ size, shape }: MatrixFormat): number => size / shape.m;

/** Whether the sizes are multiples of the shape of the matrix units, and of what the threads of a row take at once. */
export const fits = (format: MatrixFormat): boolean => {
  const { shape, size, width, tile } = format;
  const { m, n, k } = shape;
  return size % m === 0 && tile % (4 * perRow(format)) === 0 && [width, tile].every((length) => length % n === 0 && length % k === 0);
};

/** A statement for each vector of four scores that the thread has of its row; `quad` is WGSL, the index of the vector in the row. */
export const eachQuad = (format: MatrixFormat, text: (s: number, quad: string) => string): string =>
  joined(range(format.tile / 4 / perRow(format)).map((s) => text(s, s === 0 ? "part" : `(part + ${s * perRow(format)}u)`)));
