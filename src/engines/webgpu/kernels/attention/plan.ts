/** The kernel variant that a device has for attention, and its dispatches. */
import { matrixUnitsOf, type DeviceCapabilities } from "../../capabilities.ts";
import { inRow, type Dispatch, type Program } from "../../program.ts";
import type { WebgpuPrecision } from "../../run.ts";
import { headFormat, WIDEST } from "./format.ts";
import { range } from "../text.ts";
import { fits, matrixBytes, matrixRegisters, matrixThreads, ownRows, type MatrixFormat, type MatrixNeeds } from "./matrixFormat.ts";
import { dKeysMatrices, dQueriesMatrices, forwardMatrices, needs } from "./matrixPrograms.ts";
import type { AttentionStorage, AttentionVjpStorage } from "./operands.ts";
import { dKeysRows, dQueriesRows, forwardRows } from "./rowPrograms.ts";
import { ROW_THREADS } from "./rows.ts";

/** N queries and K keys of width d in each head. */
export interface AttentionSizes {
  readonly heads: number;
  readonly N: number;
  readonly K: number;
  readonly d: number;
}

export interface AttentionPlan {
  readonly variant: "rows" | "matrices";
  readonly forward: (stored: AttentionStorage) => Dispatch;
  readonly dQueries: (stored: AttentionVjpStorage) => Dispatch;
  readonly dKeys: (stored: AttentionVjpStorage) => Dispatch;
}

/** Matrix multiplications of each program, of N K d multiply–adds in each head. */
const MULTIPLICATIONS = { forward: 2, dQueries: 3, dKeys: 4 } as const;
type Kind = keyof typeof MULTIPLICATIONS;

/** What a program does in each head on matrix units, and what it is planned for. */
export interface MatrixWork {
  readonly workgroups: number;
  /** Strips that the workgroups have room for, and those that have rows; the others are not multiplied. */
  readonly strips: number;
  readonly multipliedStrips: number;
  /** Other rows that each strip is multiplied with, up to a whole fragment. */
  readonly others: number;
  /** Multiply–adds of one product of N K d, padding included, for each that the formula has. */
  readonly padding: number;
  /** Numbers that it reads from workgroup memory, or their worth: the plan takes the format with the fewest. */
  readonly cost: number;
}

/** A number that a workgroup fetches to a panel costs as much as so many that it reads there: about the ratio of the bandwidths. An estimate. */
const FETCHED = 4;

/**
 * A strip reads each tile once for each product, and each workgroup fetches both other matrices. A strip without rows counts as one with rows, since
 * its threads are taken until the workgroup ends.
 *
 * @param products matrix multiplications of the program
 */
export function matrixWork(format: MatrixFormat, own: number, others: number, products: number): MatrixWork {
  const { shape, subgroups, width } = format;
  const upTo = (rows: number, side: number): number => Math.ceil(rows / side) * side;
  const multipliedStrips = Math.ceil(own / shape.m);
  const workgroups = Math.ceil(multipliedStrips / subgroups);
  const othersUp = upTo(others, Math.max(shape.n, shape.k));
  return {
    workgroups,
    strips: workgroups * subgroups,
    multipliedStrips,
    others: othersUp,
    padding: (multipliedStrips * shape.m * othersUp) / (own * others),
    cost: workgroups * (subgroups * products + 2 * FETCHED) * othersUp * width,
  };
}

const MOST_SUBGROUPS = 8;
const TILES = [32, 16];

/**
 * Two workgroups run at once on a core that has this many registers, so that one computes while the other waits: 64 Ki registers of 32 bits a
 * multiprocessor (CUDA C++ Programming Guide, technical specifications for each compute capability).
 */
const REGISTERS = 65_536;

function possible(format: MatrixFormat, need: MatrixNeeds, { limits }: DeviceCapabilities): boolean {
  const threads = matrixThreads(format);
  return (
    fits(format) &&
    matrixBytes(format, need) <= limits.maxComputeWorkgroupStorageSize &&
    threads <= limits.maxComputeInvocationsPerWorkgroup &&
    (format.subgroups === 1 || 2 * threads * matrixRegisters(format, need) <= REGISTERS)
  );
}

/**
 * The cheapest format of a program on matrix units for these rows; of equal ones that with the larger tile, which has fewer barriers. null: the device
 * has no units, or not enough workgroup memory.
 */
export function matrixFormat(
  kind: Kind,
  { own, others, d }: { readonly own: number; readonly others: number; readonly d: number },
  capabilities: DeviceCapabilities,
): MatrixFormat | null {
  const units = matrixUnitsOf(capabilities);
  if (units === null) return null;
  const formats = TILES.flatMap((tile) =>
    range(MOST_SUBGROUPS).map((i): MatrixFormat => ({ ...headFormat(d), ...units, tile, subgroups: i + 1 })),
  );
  const costOf = (format: MatrixFormat): number => matrixWork(format, own, others, MULTIPLICATIONS[kind]).cost;
  const [best] = formats
    .filter((format) => possible(format, needs[kind], capabilities))
    .toSorted((one, other) => costOf(one) - costOf(other));
  return best ?? null;
}

/** The plan for these sizes; null: the op's definition is faster, or the only way. */
export function attentionPlan(
  { heads, N, K, d }: AttentionSizes,
  precision: WebgpuPrecision,
  capabilities: DeviceCapabilities,
): AttentionPlan | null {
  if (d > WIDEST || capabilities.software) return null;
  const dispatch = (kind: Kind, made: Program, rows: number, own: number, others: number): Dispatch => {
    const blocks = Math.ceil(own / rows);
    const params = [heads, own, others, d, blocks, d ** -0.5];
    return { program: made, params, groups: inRow(heads * blocks), macs: MULTIPLICATIONS[kind] * heads * N * K * d };
  };
  const ofQueries = { own: N, others: K, d };
  const ofKeys = { own: K, others: N, d };
  const formatFor = (kind: Kind): MatrixFormat | null =>
    precision === "f16" ? matrixFormat(kind, kind === "dKeys" ? ofKeys : ofQueries, capabilities) : null;
  const [forward, dQueries, dKeys] = [formatFor("forward"), formatFor("dQueries"), formatFor("dKeys")];
  if (forward !== null && dQueries !== null && dKeys !== null)
    return {
      variant: "matrices",
      forward: (stored) => dispatch("forward", forwardMatrices(forward, stored), ownRows(forward), N, K),
      dQueries: (stored) => dispatch("dQueries", dQueriesMatrices(dQueries, stored), ownRows(dQueries), N, K),
      dKeys: (stored) => dispatch("dKeys", dKeysMatrices(dKeys, stored), ownRows(dKeys), K, N),
    };
  const format = { ...headFormat(d), exact: precision === "f32" };
  return {
    variant: "rows",
    forward: (stored) => dispatch("forward", forwardRows(format, stored), ROW_THREADS, N, K),
    dQueries: (stored) => dispatch("dQueries", dQueriesRows(format, stored), ROW_THREADS, N, K),
    dKeys: (stored) => dispatch("dKeys", dKeysRows(format, stored), ROW_THREADS, K, N),
  };
}
