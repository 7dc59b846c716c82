/** The kernel variants that a device has for a GEMM: programs with their tiles. */
import { matrixUnitsOf, type DeviceCapabilities } from "../../capabilities.ts";
import { inRow, type Groups, type Program } from "../../program.ts";
import { factorBytes } from "../units.ts";
import { gemmFormat, type GemmFormat, type GemmShape, type GemmStorage } from "./format.ts";
import { matrixProgram } from "./matrix.ts";
import { keepsRows, matrixBytes, matrixThreads, ownSides, sidesOf, subgroupGrids, type MatrixTile } from "./matrixTile.ts";
import { REGISTER_THREADS, registerProgram, type RegisterTile } from "./registers.ts";
import { squareBytes, squareProgram, squares, squareThreads, type SquareTile } from "./tiled.ts";

export interface KernelVariant {
  readonly variant: "registers" | "tiled" | "matrix";
  /** Rows and columns of a tile of C. */
  readonly rows: number;
  readonly columns: number;
  /** Rows and columns of the part of it that one thread, or one subgroup, computes. */
  readonly own: readonly [rows: number, columns: number];
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Workgroup memory. */
  readonly bytes: number;
  readonly program: (format: GemmFormat) => Program;
  /** The workgroups for a number of tiles. */
  readonly groups: (tiles: number) => Groups;
}

/** The format of a program that serves all sizes, since it reads and writes numbers one by one. */
const ragged = (format: GemmFormat): GemmFormat => ({ ...format, whole: { a: false, b: false, c: false } });

function registerVariant(tile: RegisterTile): KernelVariant {
  const { rows, columns, threads } = tile;
  return {
    variant: "registers",
    rows,
    columns,
    own: [rows, columns / threads],
    threads: REGISTER_THREADS,
    bytes: 0,
    program: (format) => registerProgram(tile, tile === SMALL ? ragged(format) : format),
    groups: (tiles) => inRow(Math.ceil((tiles * threads) / REGISTER_THREADS)),
  };
}

const squareVariant = (tile: SquareTile): KernelVariant => ({
  variant: "tiled",
  rows: tile.side,
  columns: tile.side,
  own: [tile.rows, tile.columns],
  threads: squareThreads(tile),
  bytes: squareBytes(tile),
  program: (format) => squareProgram(tile, format),
  groups: inRow,
});

function matrixVariant(tile: MatrixTile, format: GemmFormat): KernelVariant {
  const [rows, columns] = sidesOf(tile);
  return {
    variant: "matrix",
    rows,
    columns,
    own: ownSides(tile),
    threads: matrixThreads(tile),
    bytes: matrixBytes(tile, format),
    program: (own) => matrixProgram(tile, own),
    groups: inRow,
  };
}

const SMALL: RegisterTile = { rows: 4, columns: 4, threads: 1 };
const LARGE: RegisterTile = { rows: 8, columns: 8, threads: 1 };
const SHARED: RegisterTile = { rows: 16, columns: 32, threads: 4 };

/** From this many multiply–adds on, the program of a large tile saves more time than a processor takes to compile it. */
const MANY = 2 ** 20;

function softwareVariants({ batch, m, n, k }: GemmShape, { features }: DeviceCapabilities): readonly KernelVariant[] {
  if (batch * m * n * k < MANY) return [registerVariant(SMALL)];
  return [registerVariant(features.has("subgroups") ? SHARED : LARGE), registerVariant(SMALL)];
}

/** The steps of the matrix units, from that which takes most workgroup memory; the padding of a line in bytes, without which lines would share banks. */
const steps = [
  { depth: 32, padding: 16, buffers: 2 },
  { depth: 32, padding: 16, buffers: 1 },
  { depth: 16, padding: 16, buffers: 2 },
  { depth: 16, padding: 16, buffers: 1 },
] as const;

function matrixVariants(format: GemmFormat, capabilities: DeviceCapabilities): readonly KernelVariant[] {
  const { limits } = capabilities;
  const units = matrixUnitsOf(capabilities, format.factors);
  if (units === null) return [];
  return subgroupGrids.flatMap((grid) => {
    const tiles = steps.map(({ depth, padding, buffers }): MatrixTile => ({
      ...grid,
      ...units,
      depth,
      buffers,
      gap: padding / factorBytes(units),
    }));
    const tile = tiles.find((one) => one.depth % units.shape.k === 0 && matrixBytes(one, format) <= limits.maxComputeWorkgroupStorageSize);
    if (tile === undefined || (format.rowSums !== null && !keepsRows(tile))) return [];
    return matrixThreads(tile) > limits.maxComputeInvocationsPerWorkgroup ? [] : [matrixVariant(tile, format)];
  });
}

/** Those on matrix units, where the device has some for these factors; else all of the other kind that suits the device. */
export function kernelVariants(shape: GemmShape, storage: GemmStorage, capabilities: DeviceCapabilities): readonly KernelVariant[] {
  if (capabilities.software) return softwareVariants(shape, capabilities);
  const onUnits = matrixVariants(gemmFormat(shape, storage), capabilities);
  return onUnits.length > 0 ? onUnits : squares.map(squareVariant);
}
