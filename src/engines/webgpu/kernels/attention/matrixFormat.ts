/** Sizes of the programs of attention on matrix units: rows, threads and workgroup memory. */
import type { MatrixShape } from "../../capabilities.ts";
import { joined, range } from "../text.ts";
import type { HeadFormat } from "./format.ts";

export interface MatrixFormat extends HeadFormat {
  /** What the units multiply in one instruction. */
  readonly shape: MatrixShape;
  /** Threads of a subgroup. */
  readonly size: number;
  /** Subgroups of a workgroup. */
  readonly subgroups: number;
  /** Other rows at once. */
  readonly tile: number;
}

const [F16_BYTES, F32_BYTES] = [2, 4];

/** Padding of lines in workgroup memory, 16 bytes in numbers of f16 and of f32, so that neighbouring lines lie in different banks. */
const [F16_GAP, F32_GAP] = [8, 4];

export const ownRows = ({ subgroups, shape }: MatrixFormat): number => subgroups * shape.m;
export const matrixThreads = ({ subgroups, size }: MatrixFormat): number => subgroups * size;

/** Lengths of lines in workgroup memory, padding included: of a panel, of the scores, of the weights. */
export const panelLine = ({ width }: MatrixFormat): number => width + F16_GAP;
export const scoreLine = ({ tile }: MatrixFormat): number => tile + F32_GAP;
export const weightLine = ({ tile }: MatrixFormat): number => tile + F16_GAP;

/** @param own the number of own matrices of a program */
export function matrixBytes(format: MatrixFormat, own: number): number {
  const rows = ownRows(format);
  const numbers = (own * rows + 2 * format.tile) * panelLine(format) + rows * weightLine(format);
  return F16_BYTES * numbers + F32_BYTES * rows * scoreLine(format);
}

/** Whether the sizes are multiples of the shape of the matrix units. */
export const fits = ({ shape: { m, n, k }, size, width, tile }: MatrixFormat): boolean =>
  size % m === 0 && tile % (size / m) === 0 && [width, tile].every((length) => length % n === 0 && length % k === 0);

/** Threads that share a row of scores. */
export const perRow = ({ size, shape }: MatrixFormat): number => size / shape.m;

/** A statement for each of a thread's scores of its row; `column` is WGSL, given its index `part` among the threads of the row. */
export const eachScore = (format: MatrixFormat, part: string, text: (s: number, column: string) => string): string =>
  joined(range(format.tile / perRow(format)).map((s) => text(s, `(${part} + ${s * perRow(format)}u)`)));
