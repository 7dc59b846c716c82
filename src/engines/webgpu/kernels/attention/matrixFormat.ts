/** Sizes of the programs of attention on matrix units: rows, threads, workgroup memory and registers. */
import type { MatrixUnits } from "../../capabilities.ts";
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

const [F16_BYTES, F32_BYTES] = [2, 4];

/** Padding of lines in workgroup memory, 16 bytes in numbers of f16 and of f32, so that neighbouring lines lie in different banks. */
const [F16_GAP, F32_GAP] = [8, 4];

export const ownRows = ({ subgroups, shape }: MatrixFormat): number => subgroups * shape.m;
export const matrixThreads = ({ subgroups, size }: MatrixFormat): number => subgroups * size;

/** Lengths of lines in workgroup memory, padding included, in vectors of four numbers: of the panel, the scores, the weights. */
export const panelLine = ({ width }: MatrixFormat): number => (width + F16_GAP) / 4;
export const scoreLine = ({ tile }: MatrixFormat): number => (tile + F32_GAP) / 4;
export const weightLine = ({ tile }: MatrixFormat): number => (tile + F16_GAP) / 4;

/** Lines of the panel, which holds the rows of an own matrix, and later two tiles. */
export const panelLines = (format: MatrixFormat): number => Math.max(ownRows(format), 2 * format.tile);

/** Workgroup memory. */
export function matrixBytes(format: MatrixFormat, { scores, weights }: MatrixNeeds): number {
  const rows = ownRows(format);
  const f16 = panelLines(format) * panelLine(format) + weights * rows * weightLine(format);
  const f32 = scores * rows * scoreLine(format);
  const ofThreadsAndTile = matrixThreads(format) + 2 * format.tile + 1;
  return 4 * (F16_BYTES * f16 + F32_BYTES * f32) + F32_BYTES * ofThreadsAndTile;
}

/** Registers of a thread for all but fragments that outlive a tile: scores, the next tile, addresses. An estimate. */
const OTHER_REGISTERS = 64;

/** Registers of a thread, of 32 bits each. An estimate, since a compiler may need more. */
export function matrixRegisters({ width, shape, size }: MatrixFormat, { own, results }: MatrixNeeds): number {
  const ofStrip = (width * shape.m) / size;
  return (own * ofStrip) / 2 + results * ofStrip + OTHER_REGISTERS;
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
