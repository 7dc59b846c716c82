/** The type of a recipe: everything that determines a training run. Plain data; src/recipe reads it from a file. */
import type { DeitConfig } from "../../model/config.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import type { Smoothing } from "../step/deitTask.ts";
import type { Distillation } from "../step/objective.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "../optimizer/schedule.ts";

/** The images of a run, and how they are augmented. */
export interface DataRecipe {
  /** The training images, as a data set: `digits:train`, `synthetic:64`. */
  readonly train: string;
  /** The test images, likewise. */
  readonly test: string;
  /** Mean of the pixels scaled to [0, 1], one value a channel. */
  readonly mean: readonly number[];
  /** Standard deviation, likewise. */
  readonly std: readonly number[];
  /** Largest random rotation to either side, in degrees. */
  readonly rotation: number;
  /** Zeros added around the image before a random crop of the original size, in pixels. */
  readonly padding: number;
  /** Whether a random half of the images is mirrored. */
  readonly flip: boolean;
}

/** How a network is trained. */
export interface TrainingRecipe {
  /** Images a step; an incomplete last batch of an epoch is dropped. */
  readonly batch: number;
  /** The learning rate by epoch; its `epochs` is the length of the run. */
  readonly schedule: Schedule;
  /** Whether the schedule lags one epoch behind, as in the authors' code (deit.md 7.2). */
  readonly delayed: boolean;
  /** The optimiser and its settings. */
  readonly optimizer: Optimizer;
  /** Smoothing of the labels. */
  readonly smoothing: Smoothing;
  /** Largest norm of the gradient; null: no clipping. */
  readonly clipNorm: number | null;
  /** d of (E37); null: no moving average is kept. */
  readonly emaDecay: number | null;
  /** `dynamic`: scaled by the rule of lossScale.ts; null: the loss is not scaled. */
  readonly lossScale: "dynamic" | null;
}

/** How the student is trained. */
export interface StudentRecipe extends TrainingRecipe {
  /** Stochastic depth: r_max of (E30). */
  readonly dropPath: number;
  /** The rate of every dropout (deit.md 6.3). */
  readonly dropout: number;
}

/** A teacher, and how it is trained. */
export interface TeacherRecipe {
  /** The teacher's sizes. */
  readonly model: RegnetConfig;
  /** How it is trained. */
  readonly training: TrainingRecipe;
}

/** Everything that determines a run: equal recipes give equal weights. */
export interface Recipe {
  /** The name that folders and reports show. */
  readonly name: string;
  /** Seeds initial values, order of images and augmentation. */
  readonly seed: number;
  /** The images. */
  readonly data: DataRecipe;
  /** The student's sizes. */
  readonly model: DeitConfig;
  /** How the student is trained. */
  readonly training: StudentRecipe;
  /** What the student learns from the teacher. */
  readonly distillation: Distillation;
  /** The teacher, which is trained before the student; null: no teacher. */
  readonly teacher: TeacherRecipe | null;
}
