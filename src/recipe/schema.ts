/** The schema of recipe files, and the recipe that a file describes. Each default names its source; a required value has neither. */
import { z } from "zod";
import { checkedConfig, type DeitConfig } from "../model/config.ts";
import { checkedRegnetConfig } from "../teacher/config.ts";
import type { Distillation } from "../train/step/objective.ts";
import type { Optimizer } from "../train/optimizer/optimizer.ts";
import type { Recipe, TeacherRecipe, TrainingRecipe } from "../train/run/recipe.ts";
import { atLeast0, below1, count, flag, listOf, natural, number, oneOf, orNone, positive, share, tableOf, text } from "./fields.ts";
import { keysOf, leavesOf, type Leaf } from "./leaves.ts";

/** Where defaults come from. */
const PAPER = "deit.md 7.1";
const SIZES = "deit.md 4.1";
const OURS = "this project";

/** The paper's learning rate for a batch of 512; it scales in proportion to the batch. */
const RATE = 5e-4;
const RATE_BATCH = 512;

const data = tableOf({
  train: text,
  test: text,
  mean: listOf(number("numbers", () => true))
    .default([0.485, 0.456, 0.406])
    .meta({ source: "deit.md 7.6" }),
  std: listOf(positive).default([0.229, 0.224, 0.225]).meta({ source: "deit.md 7.6" }),
  rotation: number("an angle from 0 to 180, in degrees", (n) => n >= 0 && n <= 180)
    .default(0)
    .meta({ source: OURS }),
  padding: natural.default(0).meta({ source: OURS }),
  flip: flag.default(true).meta({ source: "deit.md 7.6" }),
});

const model = tableOf({
  image_size: count.default(224).meta({ source: SIZES }),
  patch_size: count.default(16).meta({ source: SIZES }),
  channels: count.default(3).meta({ source: SIZES }),
  width: count,
  depth: count.default(12).meta({ source: SIZES }),
  heads: count,
  mlp_ratio: positive.default(4).meta({ source: SIZES }),
  classes: count.default(1000).meta({ source: SIZES }),
  distilled: flag,
  layer_norm_eps: positive.default(1e-6).meta({ source: "deit.md 1.4" }),
  position: oneOf("learned", "fixed").default("learned").meta({ source: "deit.md 1.3" }),
});

const adamw = z.strictObject({
  kind: z.literal("adamw").meta({ source: PAPER }),
  beta1: below1.default(0.9).meta({ source: PAPER }),
  beta2: below1.default(0.999).meta({ source: PAPER }),
  eps: positive.default(1e-8).meta({ source: PAPER }),
  weight_decay: atLeast0.default(0.05).meta({ source: PAPER }),
  no_decay: oneOf("deit", "timm").default("deit").meta({ source: "deit.md 7.4" }),
});

const sgd = z.strictObject({
  kind: z.literal("sgd").meta({ source: "deit.md 8.2" }),
  momentum: below1.default(0.9).meta({ source: "deit.md 7.14" }),
  nesterov: flag.default(true).meta({ source: "deit.md 7.14" }),
  weight_decay: atLeast0.default(1e-4).meta({ source: "deit.md 7.14" }),
  no_decay: oneOf("deit", "timm").default("deit").meta({ source: "deit.md 7.4" }),
});

const optimizer = z.discriminatedUnion("kind", [adamw, sgd], { error: 'must be "adamw" or "sgd"' });

/** What student and teacher have in common. */
const common = {
  warmup_epochs: natural.default(5).meta({ source: PAPER }),
  min_lr: atLeast0.default(1e-5).meta({ source: PAPER }),
  warmup_lr: atLeast0.default(1e-6).meta({ source: PAPER }),
  delayed: flag.default(false).meta({ source: "deit.md 10" }),
  label_smoothing: share.default(0.1).meta({ source: PAPER }),
  smoothing_over: oneOf("all", "others").default("all").meta({ source: "deit.md 2.2" }),
  clip_norm: orNone("a number > 0", (n) => n > 0)
    .default("none")
    .meta({ source: PAPER }),
  ema_decay: orNone("a number in [0, 1)", (n) => n >= 0 && n < 1)
    .default("none")
    .meta({ source: "deit.md 10" }),
  loss_scale: oneOf("dynamic", "none").default("none").meta({ source: OURS }),
  optimizer,
};

const training = tableOf({
  batch: count.default(1024).meta({ source: PAPER }),
  epochs: count.default(300).meta({ source: PAPER }),
  lr: positive.optional().meta({ source: `${PAPER}: ${RATE} · batch/${RATE_BATCH}` }),
  ...common,
  drop_path: below1.default(0.1).meta({ source: PAPER }),
  dropout: below1.default(0).meta({ source: PAPER }),
});

const student = oneOf("distillation", "class").default("distillation").meta({ source: "deit.md 2.5" });

const distillation = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("none").meta({ source: OURS }) }),
    z.strictObject({ kind: z.literal("two-class-tokens") }),
    z.strictObject({ kind: z.literal("hard"), alpha: share.default(0.5).meta({ source: "deit.md 2.4" }), student }),
    z.strictObject({
      kind: z.literal("soft"),
      lambda: share.default(0.1).meta({ source: "deit.md 2.3" }),
      tau: positive.default(3).meta({ source: "deit.md 2.3" }),
      divide_by: oneOf("batch", "batch*classes").default("batch").meta({ source: "deit.md 2.3" }),
      student,
    }),
  ],
  { error: 'must be "none", "hard", "soft" or "two-class-tokens"' },
);

const teacher = tableOf({
  model: tableOf({
    stem: count.default(32).meta({ source: "deit.md 8.1" }),
    widths: listOf(count),
    depths: listOf(count),
    group_width: count,
    se_ratio: positive.default(0.25).meta({ source: "deit.md 8.1" }),
    batch_norm_eps: positive.default(1e-5).meta({ source: "deit.md 8.1" }),
  }),
  training: tableOf({ batch: count, epochs: count, lr: positive, ...common }),
});

const file = z.strictObject({
  name: text,
  seed: natural.default(0).meta({ source: OURS }),
  data,
  model,
  training,
  distillation,
  teacher: teacher.optional(),
});

type Settings = z.output<typeof training> | z.output<typeof teacher>["training"];

function optimizerOf({ weight_decay: weightDecay, no_decay: noDecay, ...same }: z.output<typeof optimizer>): Optimizer {
  return { ...same, weightDecay, noDecay };
}

function trainingOf(settings: Settings, base: number): TrainingRecipe {
  const {
    batch,
    epochs,
    min_lr: min,
    warmup_lr: warmup,
    warmup_epochs: warmupEpochs,
    delayed,
    clip_norm,
    ema_decay,
    loss_scale,
  } = settings;
  return {
    batch,
    schedule: { base, min, warmup, warmupEpochs, epochs },
    delayed,
    optimizer: optimizerOf(settings.optimizer),
    smoothing: { share: settings.label_smoothing, over: settings.smoothing_over },
    clipNorm: clip_norm === "none" ? null : clip_norm,
    emaDecay: ema_decay === "none" ? null : ema_decay,
    lossScale: loss_scale === "none" ? null : loss_scale,
  };
}

function teacherOf({ model, training }: z.output<typeof teacher>, { channels, classes }: DeitConfig): TeacherRecipe {
  const { stem, widths, depths, group_width: groupWidth, se_ratio: seRatio, batch_norm_eps: batchNormEps } = model;
  return {
    model: checkedRegnetConfig({ channels, stem, widths, depths, groupWidth, seRatio, classes, batchNormEps }),
    training: trainingOf(training, training.lr),
  };
}

function modelOf({ image_size, patch_size, mlp_ratio, layer_norm_eps, ...same }: z.output<typeof model>): DeitConfig {
  return checkedConfig({ ...same, imageSize: image_size, patchSize: patch_size, mlpRatio: mlp_ratio, layerNormEps: layer_norm_eps });
}

function distillationOf(settings: z.output<typeof distillation>): Distillation {
  if (settings.kind !== "soft") return settings;
  const { divide_by: divideBy, ...same } = settings;
  return { ...same, divideBy };
}

/** Every dotted key that a recipe file may have: `training.batch`, … */
export const recipeKeys: readonly string[] = keysOf(file);

/** A recipe file that fits the schema. */
export interface CheckedRecipe {
  /** What it describes. */
  readonly recipe: Recipe;
  /** The file's tables with all defaults filled in. */
  readonly table: Readonly<Record<string, unknown>>;
  /** The same values, one by one. */
  readonly leaves: readonly Leaf[];
}

/**
 * Checks the tables of a recipe file and fills in the defaults. A teacher that the student does not learn from is left out.
 *
 * @throws ZodError for an unknown key or a wrong value; RangeError for sizes that no model can have
 */
export function checkedRecipe(tree: unknown): CheckedRecipe {
  const given = file.parse(tree);
  const { lr = (RATE * given.training.batch) / RATE_BATCH } = given.training;
  const learnsFromTeacher = given.distillation.kind === "hard" || given.distillation.kind === "soft";
  const { teacher, ...others } = { ...given, training: { ...given.training, lr } };
  const complete = learnsFromTeacher && teacher !== undefined ? { ...others, teacher } : others;

  const { name, seed, data, training } = complete;
  const config = modelOf(complete.model);
  const recipe: Recipe = {
    name,
    seed,
    data,
    model: config,
    training: { ...trainingOf(training, lr), dropPath: training.drop_path, dropout: training.dropout },
    distillation: distillationOf(complete.distillation),
    teacher: learnsFromTeacher && teacher !== undefined ? teacherOf(teacher, config) : null,
  };
  return { recipe, table: complete, leaves: leavesOf(file, complete) };
}
