/** The type of a recipe: everything that determines a training run. Plain data; src/recipe reads it from a file. */
import type { AugmentSettings } from "../../data/augment/settings.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import type { Smoothing } from "../step/mixedBatch.ts";
import type { Distillation } from "../step/objective.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "../optimizer/schedule.ts";

/** The images of a run, and how they are augmented. */
export interface DataRecipe extends AugmentSettings {
  /** The training images, as a data set: `digits:train`, `synthetic:64`. */
  readonly train: string;
  /** The test images, likewise. */
  readonly test: string;
  /** Mean of the pixels scaled to [0, 1], one value a channel. */
  readonly mean: readonly number[];
  /** Standard deviation, likewise. */
  readonly std: readonly number[];
  /** Views of an image in an epoch; 1: no repeated augmentation (deit.md 7.11). */
  readonly repeats: number;
}

/** How the student's batches are mixed, group by group (deit.md 7.9). */
export interface MixingRecipe {
  /** Mixup draws λ from Beta(α, α) with this α; 0: no Mixup. */
  readonly mixup: number;
  /** CutMix likewise; 0: no CutMix. */
  readonly cutmix: number;
  /** The probability that a group is mixed. */
  readonly probability: number;
  /** The probability of CutMix where both are on. */
  readonly cutmixShare: number;
  /** Images that share one λ; a smaller batch is one group. */
  readonly group: number;
}

/** The weights that the student starts from. */
export interface InitRecipe {
  /** A run's folder, or a file of weights. */
  readonly from: string;
  /** `keep`: the heads of the weights; `new`: random heads. */
  readonly heads: "keep" | "new";
}

/** How a network is trained. */
export interface TrainingRecipe {
  /** Images a step; an incomplete last batch of an epoch is dropped. */
  readonly batch: number;
  /** Images whose gradient is computed at once, a divisor of the batch; null: all of them. Batch statistics are those of these images. */
  readonly microBatch: number | null;
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
  /** How the student's batches are mixed. */
  readonly mixing: MixingRecipe;
  /** The student's sizes. */
  readonly model: DeitConfig;
  /** The weights that the student starts from; null: random values. */
  readonly init: InitRecipe | null;
  /** How the student is trained. */
  readonly training: StudentRecipe;
  /** What the student learns from the teacher. */
  readonly distillation: Distillation;
  /** The teacher, which is trained before the student; null: no teacher. */
  readonly teacher: TeacherRecipe | null;
}
