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
  const units = matrixUnitsOf(capabilities, "f16");
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
  const dispatch = (made: Program, rows: number, own: number, others: number, multiplications: number): Dispatch => {
    const blocks = Math.ceil(own / rows);
    const params = [heads, own, others, d, blocks, d ** -0.5];
    return { program: made, params, groups: inRow(heads * blocks), macs: multiplications * heads * N * K * d };
  };
  const onMatrices = precision === "f16" ? matrixFormat(d, capabilities) : null;
  if (onMatrices !== null) {
    const rows = ownRows(onMatrices);
    return {
      variant: "matrices",
      forward: (stored) => dispatch(forwardMatrices(onMatrices, stored), rows, N, K, MULTIPLICATIONS.forward),
      dQueries: (stored) => dispatch(dQueriesMatrices(onMatrices, stored), rows, N, K, MULTIPLICATIONS.dQueries),
      dKeys: (stored) => dispatch(dKeysMatrices(onMatrices, stored), rows, K, N, MULTIPLICATIONS.dKeys),
    };
  }
  const format = { ...headFormat(d), exact: precision === "f32" };
  return {
    variant: "rows",
    forward: (stored) => dispatch(forwardRows(format, stored), ROW_THREADS, N, K, MULTIPLICATIONS.forward),
    dQueries: (stored) => dispatch(dQueriesRows(format, stored), ROW_THREADS, N, K, MULTIPLICATIONS.dQueries),
    dKeys: (stored) => dispatch(dKeysRows(format, stored), ROW_THREADS, K, N, MULTIPLICATIONS.dKeys),
  };
}
