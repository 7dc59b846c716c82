/** What the loop trains. Types only. */
import type { Dataset } from "../../data/sources/dataset.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import type { MixingSettings } from "../mixing/drawMix.ts";
import type { TargetSettings } from "../step/mixedBatch.ts";
import type { Task } from "../step/task.ts";
import type { LabelledImages } from "../step/uploadBatch.ts";
import type { Teacher } from "../teachers/teacher.ts";
import type { DataRecipe, TrainingRecipe } from "./recipe.ts";
import type { Model } from "./state.ts";

/** Numbers by name, for a row of the metrics. */
export type Measured = Readonly<Record<string, number>>;

/** What is trained, on what, and how. */
export interface Training<Params, Buffers, Statistics> {
  /** The loss, its gradient, and the update of the buffers. */
  readonly task: Task<Params, Buffers, Statistics>;
  /** K, and how the labels are smoothed. */
  readonly target: TargetSettings;
  /** The teacher's logits; null: no teacher. */
  readonly teacher: Teacher["logits"] | null;
  /** The teacher's share of the loss, α or λ; 0: no teacher. */
  readonly teacherShare: number;
  /** Makes the model to start from, which then belongs to the loop. */
  readonly initial: (k: Kernels) => Model<Params, Buffers>;
  /** How it is trained. */
  readonly training: TrainingRecipe;
  /** The training images. */
  readonly dataset: Dataset;
  /** S, in pixels. */
  readonly side: number;
  /** How they are augmented, normalised and repeated. */
  readonly data: DataRecipe;
  /** Mixup and CutMix; null: neither. */
  readonly mixing: MixingSettings | null;
  /** How many images of a batch are one replica's with repeated augmentation (deit.md 7.11). */
  readonly group: number;
  /** From which everything is drawn: order, views, mixes, drop path and dropout. */
  readonly key: Key;
  /** Identifies the run: a checkpoint with another digest is refused. */
  readonly digest: string;
  /** What is measured at the end of each epoch; null: nothing. */
  readonly measurement: Measurement<Params, Buffers> | null;
  /** Called at the end of each epoch with the model, which stays the loop's, when the epoch's metrics are written; null: nobody looks. */
  readonly onEpoch?: OnEpoch<Params, Buffers> | null;
}

/** How far a training has come. */
export interface At {
  /** Steps done, … */
  readonly step: number;
  /** … of so many. */
  readonly steps: number;
}

/** Looks at a training that goes on. */
export type OnEpoch<Params, Buffers> = (model: Model<Params, Buffers>, at: At) => Promise<void>;

/** A measurement of a model. */
export interface Measurement<Params, Buffers> {
  /** Measures the model, and the average of its weights if one is kept. */
  readonly measured: (state: Model<Params, Buffers> & { readonly average: Params | null }) => Promise<Measured>;
  /** Its forward pass on a batch, for the plan of the memory. */
  readonly forward: (k: Kernels, model: Model<Params, Buffers>, batch: LabelledImages) => unknown;
  /** The distinct sizes of its batches. */
  readonly sizes: (batch: number) => readonly number[];
}
