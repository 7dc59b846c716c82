/** A run, in full: what a recipe file says once it is checked. Numbers only; nothing here reads or draws. */
import type { DeitConfig } from "../../model/config.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import type { Smoothing } from "../step/deitTask.ts";
import type { Distillation } from "../step/objective.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "../optimizer/schedule.ts";

export interface DataRecipe {
  /** Where images come from: `digits:train`, `synthetic:64`. */
  readonly train: string;
  readonly test: string;
  /** Of pixels scaled to [0, 1], one a channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Largest random rotation to either side, in degrees. */
  readonly rotation: number;
  /** Zeros around the image before a random crop of its own size, in pixels. */
  readonly padding: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
}

/** How a network is trained. */
export interface TrainingRecipe {
  /** Images a step; the last incomplete batch of an epoch is dropped. */
  readonly batch: number;
  /** Its `epochs` is the length of the run. */
  readonly schedule: Schedule;
  /** One epoch late, as the authors' code (deit.md 7.2). */
  readonly delayed: boolean;
  /** The optimiser and its settings. */
  readonly optimizer: Optimizer;
  /** Of the labels. */
  readonly smoothing: Smoothing;
  /** Largest norm of the gradient; null: not clipped. */
  readonly clipNorm: number | null;
  /** d of (E37); null: no average is kept. */
  readonly emaDecay: number | null;
  /** `dynamic`: by the rule of lossScale.ts; null: the loss is not scaled. */
  readonly lossScale: "dynamic" | null;
}

export interface StudentRecipe extends TrainingRecipe {
  /** r_max of (E30). */
  readonly dropPath: number;
  /** Rate of every dropout (deit.md 6.3). */
  readonly dropout: number;
}

export interface Recipe {
  readonly name: string;
  readonly seed: number;
  readonly data: DataRecipe;
  readonly model: DeitConfig;
  readonly training: StudentRecipe;
  readonly distillation: Distillation;
  /** Trained before the student; null: no teacher. */
  readonly teacher: { readonly model: RegnetConfig; readonly training: TrainingRecipe } | null;
}
