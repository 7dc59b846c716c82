/** The JSON of a recording (recording format, section 2): what was computed, on which model, with which loss and optimiser. */
import { JsonError, parseJson } from "../../io/strictJson.ts";
import { checkedConfig, type DeitConfig } from "../../model/config.ts";
import type { HardLoss, SoftLoss } from "../../train/step/objective.ts";
import type { Optimizer } from "../../train/optimizer/optimizer.ts";
import * as field from "./fields.ts";
import { RecordingError, type Reader } from "./fields.ts";

/** Values that are generated from a seed (hash.ts). */
export interface Hashed {
  /** The seed. */
  readonly hash: number;
}

/** Images that are generated from a seed. */
export interface HashedImages extends Hashed {
  /** B */
  readonly batch: number;
}

/** The teacher's part of a loss; a soft one has the teacher first, (E23). */
export type TaughtLoss = HardLoss | Omit<SoftLoss, "direction">;

/** A loss whose targets are class numbers, smoothed. */
export interface LabelsLoss {
  /** `labels`: class numbers are stored. */
  readonly target: "labels";
  /** ε */
  readonly smoothing: number;
  /** Whether ε is spread over all classes (E20) or over the others (E21). */
  readonly smoothingMass: "all" | "others";
  /** The teacher's part; null: no teacher. */
  readonly distillation: TaughtLoss | null;
}

/** A loss whose targets are distributions over the classes. */
export interface DistributionLoss {
  /** `distribution`: q, [B, K], is stored. */
  readonly target: "distribution";
  /** The teacher's part; null: no teacher. */
  readonly distillation: TaughtLoss | null;
}

/** A loss whose targets are class numbers, or distributions. */
export type RecordedLoss = LabelsLoss | DistributionLoss;

/** An optimiser that takes one step for each learning rate. */
export type RecordedOptimizer = Optimizer & {
  /** η of each step. */
  readonly lr: readonly number[];
};

/** What was computed: the JSON in a recording's metadata, read and checked. */
export interface Configuration {
  /** Who computed it, in any words. */
  readonly producer: string;
  /** The precision in which the producer computed, whatever the file stores. */
  readonly dtype: "float64" | "float32";
  /** The model's sizes. */
  readonly model: DeitConfig;
  /** Whether the parameters are stored in the file, or generated from a seed. */
  readonly weights: "stored" | Hashed;
  /** Whether the images are stored in the file, or generated from a seed. */
  readonly images: "stored" | HashedImages;
  /** Whether the file stores drop-path multipliers, one for each sample and branch. */
  readonly dropPath: boolean;
  /** The loss; null: none is recorded. */
  readonly loss: RecordedLoss | null;
  /** The optimiser and its learning rates; null: no step is recorded. */
  readonly optimizer: RecordedOptimizer | null;
}

/** The most blocks of a model, and the most steps of an optimiser. No DeiT has more, and the list of tensors alone would fill the memory. */
const MOST = 1000;

type Kind<T, K> = Extract<T, { readonly kind: K }>;

const sizes = field.record<Omit<DeitConfig, "position">>({
  imageSize: field.count,
  patchSize: field.count,
  channels: field.count,
  width: field.count,
  depth: field.upTo(MOST),
  heads: field.count,
  mlpRatio: field.positive,
  classes: field.count,
  distilled: field.flag,
  layerNormEps: field.positive,
});

const model: Reader<DeitConfig> = (value, name) => {
  const config: DeitConfig = { ...sizes(value, name), position: "learned" };
  try {
    return checkedConfig(config);
  } catch (error) {
    throw error instanceof RangeError ? new RecordingError(error.message.replace("config: ", `${name}.`)) : error;
  }
};

const storedOr =
  <T>(read: Reader<T>): Reader<"stored" | T> =>
  (value, name) =>
    value === "stored" ? value : read(value, name);

const student = field.oneOf("distillation", "class");

const distillation = field.nullOr(
  field.variant("kind", {
    hard: field.record<Kind<TaughtLoss, "hard">>({ kind: field.oneOf("hard"), alpha: field.anyNumber, student }),
    soft: field.record<Kind<TaughtLoss, "soft">>({
      kind: field.oneOf("soft"),
      lambda: field.anyNumber,
      tau: field.positive,
      divideBy: field.oneOf("batch", "batch*classes"),
      student,
    }),
  }),
);

const loss = field.variant("target", {
  labels: field.record<LabelsLoss>({
    target: field.oneOf("labels"),
    smoothing: field.below1,
    smoothingMass: field.oneOf("all", "others"),
    distillation,
  }),
  distribution: field.record<DistributionLoss>({ target: field.oneOf("distribution"), distillation }),
});

const schedule = { lr: field.listOf(field.anyNumber, MOST), weightDecay: field.atLeast0, noDecay: field.oneOf("deit", "timm") };

const optimizer = field.variant("kind", {
  adamw: field.record<Kind<RecordedOptimizer, "adamw">>({
    ...schedule,
    kind: field.oneOf("adamw"),
    beta1: field.below1,
    beta2: field.below1,
    eps: field.atLeast0,
  }),
  sgd: field.record<Kind<RecordedOptimizer, "sgd">>({
    ...schedule,
    kind: field.oneOf("sgd"),
    momentum: field.atLeast0,
    nesterov: field.flag,
  }),
});

const configuration: Reader<Configuration> = field.record<Configuration>({
  producer: field.text,
  dtype: field.oneOf("float64", "float32"),
  model,
  weights: storedOr(field.record<Hashed>({ hash: field.word })),
  images: storedOr(field.record<HashedImages>({ hash: field.word, batch: field.count })),
  dropPath: field.flag,
  loss: field.nullOr(loss),
  optimizer: field.nullOr(optimizer),
});

/** Checks the rules that involve more than one field. */
function checkTogether(read: Configuration): Configuration {
  if (read.loss?.distillation?.student === "distillation" && !read.model.distilled)
    throw new RecordingError('loss.distillation.student must be "class" for a model that is not distilled, got "distillation"');
  if (read.optimizer !== null && read.loss === null) throw new RecordingError("optimizer must be null where loss is null");
  return read;
}

/**
 * Reads and checks the JSON text of a recording.
 *
 * @throws RecordingError naming the field
 */
export function readConfiguration(json: string): Configuration {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    throw error instanceof JsonError ? new RecordingError(`its JSON cannot be read: ${error.message}`) : error;
  }
  return checkTogether(configuration(value, ""));
}
