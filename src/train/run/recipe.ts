/** The type of a recipe: everything that determines a training run. Plain data; src/recipe reads it from a file. */
import type { AugmentSettings } from "../../data/augment/settings.ts";
import type { DeitConfig } from "../../model/config.ts";
import type { PositionMethod } from "../../model/resizedPositions.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import type { HeadName } from "../evaluation/evaluate.ts";
import type { Smoothing } from "../step/mixedBatch.ts";
import type { Distillation } from "../step/objective.ts";
import type { TrainedName } from "../step/trainedPart.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "../optimizer/schedule.ts";

/** The images of a run, and how they are augmented. */
export interface DataRecipe extends AugmentSettings {
  /** The training images, as a data set: `digits:train`, `synthetic:64`. */
  readonly train: string;
  /** The test images, likewise. */
  readonly test: string;
  /** How many of the training images there are (`balanced`); null: all. */
  readonly images: number | null;
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
  /** How the position embedding is resized to the student's images. */
  readonly positions: PositionMethod;
}

/** How a network is trained. */
export interface TrainingRecipe {
  /** Images a step; an incomplete last batch of an epoch is dropped. */
  readonly batch: number;
  /**
   * Images of a forward and backward pass, a divisor of `batch`: the gradients of a step are summed over its micro-batches. Batch statistics are those of
   * a micro-batch, averaged over the micro-batches of a step. null: the whole batch.
   */
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

/** How a DeiT is trained. */
export interface DeitTrainingRecipe extends TrainingRecipe {
  /** Stochastic depth: r_max of (E30). */
  readonly dropPath: number;
  /** The rate of every dropout (deit.md 6.3). */
  readonly dropout: number;
}

/** How the student is trained. */
export interface StudentRecipe extends DeitTrainingRecipe {
  /** `heads`: the heads alone learn (linear probing); all other parameters stay as they are in the weights that the student starts from. */
  readonly trained: TrainedName;
}

/** The images that a teacher takes: those of the student, of this size and normalised by these statistics. null: as its file says, else as the student's. */
export interface TeacherImages {
  /** Side of the images, in pixels. Images of another size are resized (E16, E17). */
  readonly imageSize: number | null;
  /** Mean of the pixels scaled to [0, 1], one value a channel. */
  readonly mean: readonly number[] | null;
  /** Standard deviation, likewise. */
  readonly std: readonly number[] | null;
}

/** A teacher that is trained first, in this run. */
interface TrainedTeacher extends TeacherImages {
  readonly imageSize: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A RegNetY that is trained first. */
export interface RegnetyTeacher extends TrainedTeacher {
  /** `model` describes a RegNetY. */
  readonly kind: "regnety";
  /** The teacher's sizes. */
  readonly model: RegnetConfig;
  /** How it is trained. */
  readonly training: TrainingRecipe;
}

/** A DeiT that is trained first, from the labels alone. */
export interface DeitTeacher extends TrainedTeacher {
  /** `model` describes a DeiT. */
  readonly kind: "deit";
  /** The teacher's sizes. */
  readonly model: DeitConfig;
  /** How it is trained. */
  readonly training: DeitTrainingRecipe;
  /** What of a model with two heads teaches. */
  readonly head: HeadName;
}

/** A network whose weights there are already. */
export interface StoredTeacher extends TeacherImages {
  /** `run`: a finished run's folder, or the folder of its teacher; `weights`: a file of weights. */
  readonly kind: "run" | "weights";
  /** The folder or the file. */
  readonly path: string;
  /** What of a DeiT with two heads teaches. */
  readonly head: HeadName;
}

/** Any classifier in an ONNX file. */
export interface OnnxTeacher extends TeacherImages {
  /** The network is the graph of the file at `path`. */
  readonly kind: "onnx";
  /** The file. */
  readonly path: string;
}

/** The student of another recipe, which is trained first, in the run's folder. */
export interface RecipeTeacher extends TeacherImages {
  /** The network is the student that `recipe` trains. */
  readonly kind: "recipe";
  /** The recipe, by the name or path that the file gives. */
  readonly name: string;
  /** What is trained. */
  readonly recipe: Recipe;
  /** The recipe as TOML, which is stored in the teacher's folder. */
  readonly text: string;
  /** What of a student with two heads teaches. */
  readonly head: HeadName;
}

/** A teacher, and where it comes from. */
export type TeacherRecipe = RegnetyTeacher | DeitTeacher | StoredTeacher | OnnxTeacher | RecipeTeacher;

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
  /** What the student learns from its teachers. */
  readonly distillation: Distillation;
  /** The teachers, whose distributions are averaged; none: the student learns from the labels alone. */
  readonly teachers: readonly TeacherRecipe[];
}
