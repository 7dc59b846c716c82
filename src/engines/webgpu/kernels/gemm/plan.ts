/**
 * How a device does a GEMM: with which program, on tiles of what size, in how many splits. A function of sizes, storage and device capabilities.
 *
 * The cost of a kernel variant is counted in the time in which a multiprocessor reads one number from workgroup memory. A multiply–add takes the
 * longest of three: its arithmetic; the reads of a thread, u + v numbers for each u v multiply–adds; the reads of a tile from the cache of the
 * device. A tile costs its multiply–adds, including those beyond the edges of C. The tiles are done in waves, one for each multiprocessor, and a wave
 * that is not full costs as much as a full one. A GEMM may be split along k (split-K), so that its tiles fill whole waves; that costs something for
 * each number of each split. The plan takes the cheapest variant and tiling.
 */
import { MULTIPROCESSORS, type DeviceCapabilities } from "../../capabilities.ts";
import type { Dispatch } from "../../program.ts";
import { SCRATCH_BYTES } from "../../run.ts";
import {
  gemmFormat,
  gemmParams,
  splitNumbers,
  splitsOf,
  tilesOf,
  type GemmFormat,
  type GemmShape,
  type GemmStorage,
  type Tiling,
} from "./format.ts";
import { range } from "../text.ts";
import { reductionDispatch } from "./splitK.ts";
import { kernelVariants, type KernelVariant } from "./variants.ts";

export interface GemmPlan extends Pick<KernelVariant, "variant" | "rows" | "columns" | "threads" | "bytes"> {
  readonly splits: number;
  /** Binds C and the sums of A's rows, or the scratch if there are several splits; A; B; and the bias, if there is one and a single split. */
  readonly gemm: Dispatch;
  /** Binds C, the sums of A's rows, the scratch and the bias. null: there is a single split. */
  readonly reduction: Dispatch | null;
}

const F32_BYTES = 4;

/** Tiles that a processor does at once: some for each core. */
const AT_ONCE_ON_PROCESSOR = 16;
/** The fewest waves that keep a multiprocessor busy: one tile is multiplied while another waits for memory. */
const FEWEST_WAVES = 2;

/** Multiply–adds in the time of reading a number: on an H100, of ~1300 of f16 a clock and 64 numbers; of 128 of f32 and 32 numbers. */
const ARITHMETIC = { matrix: 20, tiled: 4 } as const;
/** The cost of a number from the cache of the device: an H100's multiprocessor gets 24 bytes a clock from there and 128 from workgroup memory. */
const FROM_CACHE = 5;

/** The fewest terms of a split. */
const TERMS = 256;
/** The terms of a split are a multiple of this, so that only the last split ends within a step. */
const STEP = 32;
/** The cost of a number of a split, which is written and read again in f32: as much as four of f16 from the cache. */
const SPLIT_NUMBER = 4 * FROM_CACHE;
/** The most splits. */
const MOST_SPLITS = 16;

const sizeOf = ({ batch, m, n }: GemmShape): number => batch * m * n;

export interface Choice {
  readonly variant: KernelVariant;
  readonly tiling: Tiling;
}

/** The cost of a multiply–add. */
function costOfOne({ variant, rows, columns, own: [u, v] }: KernelVariant): number {
  const reads = (u + v) / (u * v);
  if (variant === "registers") return reads;
  return Math.max(1 / ARITHMETIC[variant], reads, (FROM_CACHE * (rows + columns)) / (rows * columns));
}

/** How many tiles' time this many tiles take, on a device that does some at once. */
const tilesInWaves = (tiles: number, { software, multiprocessors = MULTIPROCESSORS }: DeviceCapabilities): number =>
  software ? Math.max(tiles, AT_ONCE_ON_PROCESSOR) : multiprocessors * Math.max(FEWEST_WAVES, Math.ceil(tiles / multiprocessors));

function cost({ variant, tiling }: Choice, shape: GemmShape, capabilities: DeviceCapabilities): number {
  const tile = variant.rows * variant.columns * tiling.length * costOfOne(variant);
  const splits = splitsOf(shape, tiling);
  return tilesInWaves(tilesOf(shape, tiling), capabilities) * tile + (splits > 1 ? splits * sizeOf(shape) * SPLIT_NUMBER : 0);
}

/** One with a single split, and those with several, of equal lengths but for the last. */
function tilingsOf({ rows, columns }: KernelVariant, shape: GemmShape, storage: GemmStorage): readonly Tiling[] {
  const room = Math.floor(SCRATCH_BYTES / F32_BYTES / splitNumbers(shape, storage));
  const most = Math.max(1, Math.min(MOST_SPLITS, Math.floor(shape.k / TERMS), room));
  const lengths = range(most).map((s) => (s === 0 ? Math.max(1, shape.k) : Math.ceil(shape.k / (s + 1) / STEP) * STEP));
  return lengths.map((length) => ({ rows, columns, length }));
}

const cheapest = <T>(list: readonly T[], costOf: (one: T) => number): T =>
  list.reduce((best, one) => (costOf(one) < costOf(best) ? one : best));

/** The format of a split, which leaves its sums as they are. */
const splitFormat = (format: GemmFormat): GemmFormat => ({
  ...format,
  c: "f32",
  bias: null,
  rowSums: format.rowSums === null ? null : "behind C",
});

/** The plan of a GEMM with a given variant and tiling. */
export function planOf(shape: GemmShape, storage: GemmStorage, scale: number, { variant, tiling }: Choice): GemmPlan {
  const format = gemmFormat(shape, storage);
  const splits = splitsOf(shape, tiling);
  const next = splitNumbers(shape, storage);
  const { rows, columns, threads, bytes } = variant;
  const sums = { size: sizeOf(shape), n: shape.n, rowSums: storage.rowSums === true ? shape.m : 0, next, splits, scale };
  const scratchBytes = splits === 1 ? 0 : F32_BYTES * splits * next;
  return {
    variant: variant.variant,
    rows,
    columns,
    threads,
    bytes,
    splits,
    gemm: {
      program: variant.program(splits === 1 ? format : splitFormat(format)),
      params: gemmParams(shape, tiling, splits === 1 ? scale : 1, next / shape.batch),
      groups: variant.groups(tilesOf(shape, tiling)),
      macs: sizeOf(shape) * shape.k,
      executed: (tilesOf(shape, tiling) / splits) * rows * columns * shape.k,
      scratchBytes,
    },
    reduction: splits === 1 ? null : { ...reductionDispatch(sums, storage.c, storage.bias), scratchBytes },
  };
}

/**
 * @param shape with at least one number of C
 * @param scale s of C = s A B + b
 * @throws RangeError where C is in f16 and n is odd, and for sums of A's rows of a batch or without ta
 */
export function gemmPlan(shape: GemmShape, storage: GemmStorage, scale: number, capabilities: DeviceCapabilities): GemmPlan {
  if (storage.c === "f16" && shape.n % 2 !== 0) throw new RangeError(`matmul: rows of f16 must have an even length, got ${shape.n}`);
  if (storage.rowSums === true && (shape.batch !== 1 || !shape.ta))
    throw new RangeError("matmul: the rows of A are added up for one matrix that is stored transposed");
  const choices = kernelVariants(shape, storage, capabilities).flatMap((variant) =>
    tilingsOf(variant, shape, storage).map((tiling): Choice => ({ variant, tiling })),
  );
  return planOf(
    shape,
    storage,
    scale,
    cheapest(choices, (choice) => cost(choice, shape, capabilities)),
  );
}
