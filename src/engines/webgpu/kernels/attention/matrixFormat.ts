/** Sizes of the programs of attention on matrix units: rows, threads and workgroup memory. */
import { joined, range } from "../text.ts";
import { factorBytes, type MatrixUnits } from "../units.ts";
import type { HeadFormat } from "./format.ts";

export interface MatrixFormat extends HeadFormat, MatrixUnits {
  /** Subgroups of a workgroup. */
  readonly subgroups: number;
  /** Other rows at once. */
  readonly tile: number;
}

const F32_BYTES = 4;

/** Padding of lines in workgroup memory, in bytes, so that neighbouring lines lie in different banks. */
const PADDING = 16;

export const ownRows = ({ subgroups, shape }: MatrixFormat): number => subgroups * shape.m;
export const matrixThreads = ({ subgroups, size }: MatrixFormat): number => subgroups * size;

/** Lengths of lines in workgroup memory, padding included: of a panel, of the scores, of the weights. */
export const panelLine = (format: MatrixFormat): number => format.width + PADDING / factorBytes(format);
export const scoreLine = ({ tile }: MatrixFormat): number => tile + PADDING / F32_BYTES;
export const weightLine = (format: MatrixFormat): number => format.tile + PADDING / factorBytes(format);

/** @param own the number of own matrices of a program */
export function matrixBytes(format: MatrixFormat, own: number): number {
  const rows = ownRows(format);
  const numbers = (own * rows + 2 * format.tile) * panelLine(format) + rows * weightLine(format);
  return factorBytes(format) * numbers + F32_BYTES * rows * scoreLine(format);
}

/** Whether the sizes are multiples of the shape of the matrix units. */
export const fits = ({ shape: { m, n, k }, size, width, tile }: MatrixFormat): boolean =>
  size % m === 0 && tile % (size / m) === 0 && [width, tile].every((length) => length % n === 0 && length % k === 0);

/** Threads that share a row of scores. */
export const perRow = ({ size, shape }: MatrixFormat): number => size / shape.m;

/** A statement for each of a thread's scores of its row; `column` is WGSL, given its index `part` among the threads of the row. */
export const eachScore = (format: MatrixFormat, part: string, text: (s: number, column: string) => string): string =>
  joined(range(format.tile / perRow(format)).map((s) => text(s, `(${part} + ${s * perRow(format)}u)`)));
