/** All that a report shows of a run. Types only. */
import type { MetricsCurves } from "../io/metricsWindows.ts";
import type { Accuracy } from "../train/evaluation/accuracy.ts";
import type { Evaluations } from "../train/evaluation/evaluate.ts";
import type { TokenCosines } from "../train/evaluation/tokenCosines.ts";
import type { Recipe } from "../train/run/recipe.ts";
import type { RunResult } from "../train/run/run.ts";
import type { RunView } from "../train/run/view.ts";
import type { Collected } from "./collect.ts";

/** How far a run has come that has not ended. */
export interface Unfinished extends Pick<RunView, "stage" | "step" | "steps"> {
  /** false: it was stopped, and can be resumed. */
  readonly running: boolean;
}

/** The results on the test images; null: there are none. */
export interface Results {
  /** Of what the student learns from: its teacher, or several together. */
  readonly teacher: Accuracy | null;
  /** Each of the teachers. */
  readonly teachers: RunResult["teachers"];
  readonly student: Evaluations;
}

export interface Report {
  readonly recipe: Recipe;
  /** Every value of the recipe, and where it comes from. */
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly source: string }[];
  /** null: the run has ended. */
  readonly unfinished: Unfinished | null;
  /** null: the run has not ended. */
  readonly result: Results | null;
  /** null: the student is plain, or has not been trained yet. */
  readonly cosines: TokenCosines | null;
  /** By stage; no rows if there is no such stage, or no file. */
  readonly metrics: { readonly teacher: MetricsCurves; readonly student: MetricsCurves };
  /** Names of the K classes. */
  readonly classes: readonly string[];
  /** null: the student has not been trained yet. */
  readonly collected: Collected | null;
  /** Where the run was computed, and when. */
  readonly environment: readonly (readonly [name: string, value: string])[];
}
