/** The kernel variant that a device has for attention, and its dispatches. */
import { matrixUnitsOf, type DeviceCapabilities } from "../../capabilities.ts";
import { inRow, type Dispatch, type Program } from "../../program.ts";
import type { WebgpuPrecision } from "../../run.ts";
import { headFormat, WIDEST } from "./format.ts";
import { fits, matrixBytes, matrixThreads, ownRows, type MatrixFormat } from "./matrixFormat.ts";
import { dKeysMatrices, dQueriesMatrices, forwardMatrices } from "./matrixPrograms.ts";
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
/** On matrix units the forward multiplies queries by keys twice. */
const ON_MATRICES = { ...MULTIPLICATIONS, forward: 3 } as const;

type Phase = keyof typeof MULTIPLICATIONS;

/** Rows that a workgroup takes at a time, and the numbers of each. */
interface Blocks {
  readonly rows: number;
  readonly tile: number;
  readonly width: number;
}

/** Workgroups, from that which does most at once. */
const workgroups = [
  { subgroups: 4, tile: 32 },
  { subgroups: 4, tile: 16 },
  { subgroups: 2, tile: 16 },
  { subgroups: 1, tile: 16 },
] as const;

/** The most own matrices of a program; each takes a panel of all own rows. */
const OWN_MATRICES = 2;

/** The format on matrix units; null: the device has no units, or not enough workgroup memory. */
function matrixFormat(d: number, capabilities: DeviceCapabilities): MatrixFormat | null {
  const { limits } = capabilities;
  const units = matrixUnitsOf(capabilities);
  if (units === null) return null;
  const formats = workgroups.map((workgroup): MatrixFormat => ({ ...headFormat(d), ...workgroup, ...units }));
  const possible = formats.find(
    (format) =>
      fits(format) &&
      matrixBytes(format, OWN_MATRICES) <= limits.maxComputeWorkgroupStorageSize &&
      matrixThreads(format) <= limits.maxComputeInvocationsPerWorkgroup,
  );
  return possible ?? null;
}

/** The plan for these sizes; null: the op's definition is faster, or the only way. */
export function attentionPlan(
  { heads, N, K, d }: AttentionSizes,
  precision: WebgpuPrecision,
  capabilities: DeviceCapabilities,
): AttentionPlan | null {
  if (d > WIDEST || capabilities.software) return null;
  const onMatrices = precision === "f16" ? matrixFormat(d, capabilities) : null;
  const dispatch = (made: Program, { rows, tile, width }: Blocks, [own, others]: readonly [number, number], phase: Phase): Dispatch => {
    const blocks = Math.ceil(own / rows);
    const padded = heads * blocks * rows * Math.ceil(others / tile) * tile * width;
    return {
      program: made,
      params: [heads, own, others, d, blocks, d ** -0.5],
      groups: inRow(heads * blocks),
      macs: MULTIPLICATIONS[phase] * heads * N * K * d,
      executed: (onMatrices === null ? MULTIPLICATIONS : ON_MATRICES)[phase] * padded,
    };
  };
  if (onMatrices !== null) {
    const blocks = { ...onMatrices, rows: ownRows(onMatrices) };
    return {
      variant: "matrices",
      forward: (stored) => dispatch(forwardMatrices(onMatrices, stored), blocks, [N, K], "forward"),
      dQueries: (stored) => dispatch(dQueriesMatrices(onMatrices, stored), blocks, [N, K], "dQueries"),
      dKeys: (stored) => dispatch(dKeysMatrices(onMatrices, stored), blocks, [K, N], "dKeys"),
    };
  }
  const format = { ...headFormat(d), exact: precision === "f32" };
  const blocks = { width: format.width, rows: ROW_THREADS, tile: 1 };
  return {
    variant: "rows",
    forward: (stored) => dispatch(forwardRows(format, stored), blocks, [N, K], "forward"),
    dQueries: (stored) => dispatch(dQueriesRows(format, stored), blocks, [N, K], "dQueries"),
    dKeys: (stored) => dispatch(dKeysRows(format, stored), blocks, [K, N], "dKeys"),
  };
}
