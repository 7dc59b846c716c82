/** All that a report shows of a run. Types only. */
import type { MetricsRow } from "../io/metrics.ts";
import type { Recipe } from "../train/run/recipe.ts";
import type { RunResult } from "../train/run/run.ts";
import type { Collected } from "./collect.ts";

export interface Report {
  readonly recipe: Recipe;
  /** Every value of the recipe, and where it comes from. */
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly source: string }[];
  readonly result: RunResult;
  /** Rows of metrics by stage; empty if there is no such stage, or no file. */
  readonly metrics: { readonly teacher: readonly MetricsRow[]; readonly student: readonly MetricsRow[] };
  /** Names of the K classes. */
  readonly classes: readonly string[];
  readonly collected: Collected;
  /** Where the run was computed, and when. */
  readonly environment: readonly (readonly [name: string, value: string])[];
}
