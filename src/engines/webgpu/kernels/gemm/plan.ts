/**
 * How a device does a GEMM: with which program, on tiles of what size, in how many splits. A function of sizes, storage and device capabilities.
 *
 * The cost of a kernel variant is counted in numbers read from the nearest memory. A thread that computes u × v numbers of C does u v multiply–adds
 * for each u + v numbers that it reads, so a tile costs rows · columns · terms · (u + v)/(u v), including what lies beyond the edges of C. A
 * device runs many tiles at once, and fewer tiles than that cost as much as a full set. A GEMM of few tiles may be split along k (split-K), which
 * costs something for each number of each split. The plan takes the cheapest variant.
 */
import type { DeviceCapabilities } from "../../capabilities.ts";
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

/** Tiles that run at once: two for each core of the largest devices, or some for each core of a processor. */
const AT_ONCE = { hardware: 256, software: 16 } as const;

/** The fewest terms of a split. */
const TERMS = 256;
/** The terms of a split are a multiple of this, so that only the last split ends within a step. */
const STEP = 32;
/** The cost of a number of a split, which is written and read again, from the memory farthest from a thread. */
const SPLIT_NUMBER = 16;

const sizeOf = ({ batch, m, n }: GemmShape): number => batch * m * n;

export interface Choice {
  readonly variant: KernelVariant;
  readonly tiling: Tiling;
}

function cost({ variant, tiling }: Choice, shape: GemmShape, atOnce: number): number {
  const [u, v] = variant.own;
  const tile = (variant.rows * variant.columns * tiling.length * (u + v)) / (u * v);
  const splits = splitsOf(shape, tiling);
  return Math.max(tilesOf(shape, tiling), atOnce) * tile + (splits > 1 ? splits * sizeOf(shape) * SPLIT_NUMBER : 0);
}

/** One with a single split, and one with as many splits as make enough tiles. */
function tilingsOf({ rows, columns }: KernelVariant, shape: GemmShape, storage: GemmStorage, atOnce: number): readonly Tiling[] {
  const single = { rows, columns, length: Math.max(1, shape.k) };
  const room = Math.floor(SCRATCH_BYTES / F32_BYTES / splitNumbers(shape, storage));
  const splits = Math.min(Math.ceil(atOnce / tilesOf(shape, single)), Math.floor(shape.k / TERMS), room);
  return splits < 2 ? [single] : [single, { rows, columns, length: Math.ceil(shape.k / splits / STEP) * STEP }];
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
  const atOnce = capabilities.software ? AT_ONCE.software : AT_ONCE.hardware;
  const choices = kernelVariants(shape, storage, capabilities).flatMap((variant) =>
    tilingsOf(variant, shape, storage, atOnce).map((tiling): Choice => ({ variant, tiling })),
  );
  return planOf(
    shape,
    storage,
    scale,
    cheapest(choices, (choice) => cost(choice, shape, atOnce)),
  );
}
