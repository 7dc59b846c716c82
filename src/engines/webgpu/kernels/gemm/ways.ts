/** The ways in which a device can do a product: programs and their tiles. */
import type { DeviceCapabilities } from "../../capabilities.ts";
import { inRow, type Launch, type Program } from "../../program.ts";
import { formOf, type Form, type Product, type Stored } from "./form.ts";
import { matrixBytes, matrixLayouts, matrixProgram, matrixThreads, ownSides, sidesOf, type MatrixTile } from "./matrix.ts";
import { REGISTER_THREADS, registerProgram, type RegisterTile } from "./registers.ts";
import { squareBytes, squareProgram, squares, squareThreads, type SquareTile } from "./tiled.ts";

export interface Way {
  readonly variant: "registers" | "tiled" | "matrix";
  /** Of a tile of C. */
  readonly rows: number;
  readonly columns: number;
  /** Rows and columns of what one thread, or one subgroup, makes of it. */
  readonly own: readonly [rows: number, columns: number];
  /** Of a workgroup. */
  readonly threads: number;
  /** Of workgroup memory. */
  readonly bytes: number;
  readonly program: (form: Form) => Program;
  /** Workgroups of so many tiles. */
  readonly groups: (tiles: number) => Launch["groups"];
}

/** One program whatever the sizes: numbers are read one by one. */
const ragged = (form: Form): Form => ({ ...form, whole: { a: false, b: false, c: false } });

function registerWay(tile: RegisterTile): Way {
  const { rows, columns, threads } = tile;
  return {
    variant: "registers",
    rows,
    columns,
    own: [rows, columns / threads],
    threads: REGISTER_THREADS,
    bytes: 0,
    program: (form) => registerProgram(tile, tile === SMALL ? ragged(form) : form),
    groups: (tiles) => inRow(Math.ceil((tiles * threads) / REGISTER_THREADS)),
  };
}

const squareWay = (tile: SquareTile): Way => ({
  variant: "tiled",
  rows: tile.side,
  columns: tile.side,
  own: [tile.rows, tile.columns],
  threads: squareThreads(tile),
  bytes: squareBytes(tile),
  program: (form) => squareProgram(tile, form),
  groups: inRow,
});

function matrixWay(tile: MatrixTile, form: Form): Way {
  const [rows, columns] = sidesOf(tile);
  return {
    variant: "matrix",
    rows,
    columns,
    own: ownSides(tile),
    threads: matrixThreads(tile),
    bytes: matrixBytes(tile, form),
    program: (form) => matrixProgram(tile, form),
    groups: inRow,
  };
}

const SMALL: RegisterTile = { rows: 4, columns: 4, threads: 1 };
const LARGE: RegisterTile = { rows: 8, columns: 8, threads: 1 };
const SHARED: RegisterTile = { rows: 16, columns: 32, threads: 4 };

/** Multiply–adds from which on a large tile's program is worth the time that a processor takes to compile it. */
const MANY = 2 ** 20;

function softwareWays({ batch, m, n, k }: Product, { features }: DeviceCapabilities): readonly Way[] {
  if (batch * m * n * k < MANY) return [registerWay(SMALL)];
  return [registerWay(features.has("subgroups") ? SHARED : LARGE), registerWay(SMALL)];
}

/** Steps of the matrix units, the one first that has most of the memory for itself. */
const steps = [
  { depth: 32, gap: 8 },
  { depth: 16, gap: 8 },
  { depth: 16, gap: 0 },
] as const;

const needed = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

export const hasMatrixUnits = ({ features, subgroup, matrices }: DeviceCapabilities): boolean =>
  subgroup !== null && matrices.length > 0 && needed.every((name) => features.has(name));

function matrixWays(form: Form, facts: DeviceCapabilities): readonly Way[] {
  const { limits, subgroup, matrices } = facts;
  const [shape] = matrices.toSorted((one, other) => other.m * other.n * other.k - one.m * one.n * one.k);
  if (form.factors !== "f16" || !hasMatrixUnits(facts) || subgroup === null || shape === undefined) return [];
  return matrixLayouts.flatMap((layout) => {
    const tiles = steps.map((step): MatrixTile => ({ ...layout, ...step, shape, size: subgroup }));
    const tile = tiles.find((one) => one.depth % shape.k === 0 && matrixBytes(one, form) <= limits.maxComputeWorkgroupStorageSize);
    return tile === undefined || matrixThreads(tile) > limits.maxComputeInvocationsPerWorkgroup ? [] : [matrixWay(tile, form)];
  });
}

/** Matrix units where operands are f16 and the device has such; else every other kind that suits the device. */
export function waysOf(product: Product, stored: Stored, facts: DeviceCapabilities): readonly Way[] {
  if (facts.software) return softwareWays(product, facts);
  const ways = matrixWays(formOf(product, stored), facts);
  return ways.length > 0 ? ways : squares.map(squareWay);
}
