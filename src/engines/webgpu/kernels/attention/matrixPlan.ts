/**
 * Which format a program of attention on matrix units has: how many strips of own rows a workgroup has, and how many other rows at once. A function of
 * sizes and device capabilities.
 */
import { matrixUnitsOf, type DeviceCapabilities } from "../../capabilities.ts";
import { range } from "../text.ts";
import { headFormat } from "./format.ts";
import { fits, matrixBytes, matrixRegisters, matrixThreads, needs, type MatrixFormat, type MatrixNeeds } from "./matrixFormat.ts";
import { multiplications, type AttentionKind } from "./operands.ts";

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
 * @param own rows of a head that are divided among workgroups
 * @param others those that each goes over
 */
export function matrixWork(kind: AttentionKind, format: MatrixFormat, own: number, others: number): MatrixWork {
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
    cost: workgroups * (subgroups * multiplications[kind] + 2 * FETCHED) * othersUp * width,
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
  kind: AttentionKind,
  { own, others, d }: { readonly own: number; readonly others: number; readonly d: number },
  capabilities: DeviceCapabilities,
): MatrixFormat | null {
  const units = matrixUnitsOf(capabilities, "f16");
  if (units === null || units.syntax === "argument") return null;
  const formats = TILES.flatMap((tile) =>
    range(MOST_SUBGROUPS).map((i): MatrixFormat => ({ ...headFormat(d), ...units, tile, subgroups: i + 1 })),
  );
  const costOf = (format: MatrixFormat): number => matrixWork(kind, format, own, others).cost;
  const [best] = formats
    .filter((format) => possible(format, needs[kind], capabilities))
    .toSorted((one, other) => costOf(one) - costOf(other));
  return best ?? null;
}
