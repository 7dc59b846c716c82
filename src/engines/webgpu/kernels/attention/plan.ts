/** The kernel variant that a device has for attention, and its dispatches. */
import type { DeviceCapabilities } from "../../capabilities.ts";
import { inRow, type Dispatch, type Program } from "../../program.ts";
import type { WebgpuPrecision } from "../../run.ts";
import { headFormat, WIDEST } from "./format.ts";
import { ownRows, type MatrixFormat } from "./matrixFormat.ts";
import { matrixFormat, matrixWork } from "./matrixPlan.ts";
import { dKeysMatrices, dQueriesMatrices, forwardMatrices } from "./matrixPrograms.ts";
import { multiplications, type AttentionKind, type AttentionStorage, type AttentionVjpStorage } from "./operands.ts";
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

/** The plan for these sizes; null: the op's definition is faster, or the only way. */
export function attentionPlan(
  { heads, N, K, d }: AttentionSizes,
  precision: WebgpuPrecision,
  capabilities: DeviceCapabilities,
): AttentionPlan | null {
  if (d > WIDEST || capabilities.software) return null;
  /** @param padding multiply–adds that are done for each that the formula has */
  const dispatch = (
    kind: AttentionKind,
    made: Program,
    rows: number,
    [own, others]: readonly [number, number],
    padding: number,
  ): Dispatch => {
    const blocks = Math.ceil(own / rows);
    const macs = multiplications[kind] * heads * N * K * d;
    return {
      program: made,
      params: [heads, own, others, d, blocks, d ** -0.5],
      groups: inRow(heads * blocks),
      macs,
      executed: macs * padding,
    };
  };
  const ofQueries = { own: N, others: K, d };
  const ofKeys = { own: K, others: N, d };
  const formatFor = (kind: AttentionKind): MatrixFormat | null =>
    precision === "f16" ? matrixFormat(kind, kind === "dKeys" ? ofKeys : ofQueries, capabilities) : null;
  const paddingOf = (kind: AttentionKind, format: MatrixFormat): number => {
    const { own, others } = kind === "dKeys" ? ofKeys : ofQueries;
    return (matrixWork(kind, format, own, others).padding * format.width) / d;
  };
  const [forward, dQueries, dKeys] = [formatFor("forward"), formatFor("dQueries"), formatFor("dKeys")];
  if (forward !== null && dQueries !== null && dKeys !== null)
    return {
      variant: "matrices",
      forward: (stored) => dispatch("forward", forwardMatrices(forward, stored), ownRows(forward), [N, K], paddingOf("forward", forward)),
      dQueries: (stored) =>
        dispatch("dQueries", dQueriesMatrices(dQueries, stored), ownRows(dQueries), [N, K], paddingOf("dQueries", dQueries)),
      dKeys: (stored) => dispatch("dKeys", dKeysMatrices(dKeys, stored), ownRows(dKeys), [K, N], paddingOf("dKeys", dKeys)),
    };
  const format = { ...headFormat(d), exact: precision === "f32" };
  return {
    variant: "rows",
    forward: (stored) => dispatch("forward", forwardRows(format, stored), ROW_THREADS, [N, K], format.width / d),
    dQueries: (stored) => dispatch("dQueries", dQueriesRows(format, stored), ROW_THREADS, [N, K], format.width / d),
    dKeys: (stored) => dispatch("dKeys", dKeysRows(format, stored), ROW_THREADS, [K, N], format.width / d),
  };
}
