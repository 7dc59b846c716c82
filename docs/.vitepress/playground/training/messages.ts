/** What the page and the worker that trains tell each other. Plain data. */
import type { Inspection } from "#deit/inspect/inspection.js";
import type { HeadName } from "#deit/train/evaluation/evaluate.js";
import type { DeitConfig } from "#deit/index.js";
import type { DigitsRecipe } from "../recipe.ts";
import type { Subject } from "../looking/look.ts";
import type { Sample } from "../verifying/sample.ts";
import type { Live, Timeline } from "./settings.ts";
import type { ParameterRow } from "./statistics.ts";
import type { StepPoint } from "./student.ts";
import type { TeacherProgress } from "./teacher.ts";

/** What the page orders. */
export type Command =
  /** Comes first: opens the engine, at step 0. */
  | {
      readonly do: "open";
      readonly timeline: Timeline;
      readonly recipe: DigitsRecipe;
      readonly digits: Uint8Array;
      readonly threads: number;
    }
  | { readonly do: "run" }
  | { readonly do: "pause" }
  /** One step, then pause. */
  | { readonly do: "step" }
  /** To the state after so many steps: back to an earlier one, or ahead to a later one; then pause. */
  | { readonly do: "goTo"; readonly step: number }
  | { readonly do: "change"; readonly set: Partial<Live> }
  | { readonly do: "look"; readonly subject: Subject }
  /** Asks for the student as it is now, to break and verify it. */
  | { readonly do: "sample" }
  /** Whether weights and gradients are wanted at each measurement. */
  | { readonly do: "layers"; readonly wanted: boolean };

/** Accuracy on the test digits, and how alike the tokens are. */
export interface Measurement {
  readonly step: number;
  readonly top1: { readonly [H in HeadName]: number | null };
  /** Cosine of the tokens at the input and after each block; empty: there is one token. */
  readonly cosines: readonly number[];
}

/** What the worker tells. */
export type Report =
  | {
      readonly told: "opened";
      readonly engine: string;
      readonly threads: number;
      readonly stepsPerEpoch: number;
      readonly steps: number;
      readonly config: DeitConfig;
      readonly testImages: number;
    }
  | { readonly told: "teacher"; readonly progress: TeacherProgress }
  | { readonly told: "steps"; readonly points: readonly StepPoint[]; readonly perSecond: number }
  | { readonly told: "measured"; readonly measurement: Measurement }
  | { readonly told: "layers"; readonly step: number; readonly rows: readonly ParameterRow[] }
  | { readonly told: "seen"; readonly step: number; readonly inspection: Inspection }
  | { readonly told: "sample"; readonly sample: Sample }
  /** After every command, and when a training stops by itself. What was told of later steps no longer holds. */
  | { readonly told: "state"; readonly step: number; readonly running: boolean; readonly timeline: Timeline; readonly ended: boolean }
  | { readonly told: "failed"; readonly message: string };
