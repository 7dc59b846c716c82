/** Which programs a device has for attention, and their launches. */
import type { DeviceCapabilities } from "../../capabilities.ts";
import { inRow, type Launch, type Program } from "../../program.ts";
import type { WebgpuPrecision } from "../../run.ts";
import { formOf, WIDEST } from "./form.ts";
import { fits, matrixBytes, matrixThreads, ownRows, type MatrixForm } from "./matrices.ts";
import { dKeysMatrices, dQueriesMatrices, forwardMatrices } from "./matrixPrograms.ts";
import { ROW_THREADS } from "./rows.ts";
import type { Stored, StoredBack } from "./operands.ts";
import { dKeysRows, dQueriesRows, forwardRows } from "./rowPrograms.ts";

/** N queries and K keys of width d in each head. */
export interface Sizes {
  readonly heads: number;
  readonly N: number;
  readonly K: number;
  readonly d: number;
}

export interface AttentionPlan {
  readonly variant: "rows" | "matrices";
  readonly forward: (stored: Stored) => Launch;
  readonly dQueries: (stored: StoredBack) => Launch;
  readonly dKeys: (stored: StoredBack) => Launch;
}

/** Multiply–adds of a launch are so many times N K d in each head. */
const PRODUCTS = { forward: 2, dQueries: 3, dKeys: 4 } as const;

/** The layouts of workgroups, that first which has most to do. */
const layouts = [
  { subgroups: 4, tile: 32 },
  { subgroups: 4, tile: 16 },
  { subgroups: 2, tile: 16 },
  { subgroups: 1, tile: 16 },
] as const;

const needed = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

/** The form on matrix units for programs that keep two own matrices; null: there is none. */
function matrixForm(d: number, { limits, features, subgroup, matrices }: DeviceCapabilities): MatrixForm | null {
  const [shape] = matrices.toSorted((one, other) => other.m * other.n * other.k - one.m * one.n * one.k);
  if (shape === undefined || subgroup === null || !needed.every((name) => features.has(name))) return null;
  const forms = layouts.map((layout): MatrixForm => ({ ...formOf(d), ...layout, shape, size: subgroup }));
  const possible = forms.find(
    (form) =>
      fits(form) &&
      matrixBytes(form, 2) <= limits.maxComputeWorkgroupStorageSize &&
      matrixThreads(form) <= limits.maxComputeInvocationsPerWorkgroup,
  );
  return possible ?? null;
}

/** The plan for these sizes; null: the definition is the better way. */
export function attentionPlan({ heads, N, K, d }: Sizes, precision: WebgpuPrecision, facts: DeviceCapabilities): AttentionPlan | null {
  if (d > WIDEST || facts.software) return null;
  const launch = (made: Program, rows: number, own: number, others: number, products: number): Launch => {
    const blocks = Math.ceil(own / rows);
    const params = [heads, own, others, d, blocks, d ** -0.5];
    return { program: made, params, groups: inRow(heads * blocks), macs: products * heads * N * K * d };
  };
  const onMatrices = precision === "f16" ? matrixForm(d, facts) : null;
  if (onMatrices !== null) {
    const rows = ownRows(onMatrices);
    return {
      variant: "matrices",
      forward: (stored) => launch(forwardMatrices(onMatrices, stored), rows, N, K, PRODUCTS.forward),
      dQueries: (stored) => launch(dQueriesMatrices(onMatrices, stored), rows, N, K, PRODUCTS.dQueries),
      dKeys: (stored) => launch(dKeysMatrices(onMatrices, stored), rows, K, N, PRODUCTS.dKeys),
    };
  }
  const form = { ...formOf(d), exact: precision === "f32" };
  return {
    variant: "rows",
    forward: (stored) => launch(forwardRows(form, stored), ROW_THREADS, N, K, PRODUCTS.forward),
    dQueries: (stored) => launch(dQueriesRows(form, stored), ROW_THREADS, N, K, PRODUCTS.dQueries),
    dKeys: (stored) => launch(dKeysRows(form, stored), ROW_THREADS, K, N, PRODUCTS.dKeys),
  };
}
