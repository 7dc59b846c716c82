/** The tables `[training]` and `[teacher.training]`: how student and teachers are trained. */
import { z } from "zod";
import type { Optimizer } from "../../train/optimizer/optimizer.ts";
import type { DeitTrainingRecipe, StudentRecipe, TrainingRecipe } from "../../train/run/recipe.ts";
import { atLeast0, below1, computed, count, flag, given, natural, oneOf, orWord, positive, share, tableOf } from "../fields.ts";
import type { Table } from "../text.ts";

const PAPER = "deit.md 7.1";

/** The paper's learning rate for a batch of 512; it scales in proportion to the batch. */
const RATE = 5e-4;
const RATE_BATCH = 512;

const no_decay = given(
  oneOf("deit", "timm"),
  "deit",
  "deit.md 7.4",
  "which parameters do not decay: the authors' list, or timm's, which has dist_token too",
);

const adamw = z.strictObject({
  kind: z.literal("adamw").meta({ source: PAPER }),
  beta1: given(below1, 0.9, PAPER, "decay of the mean of the gradients"),
  beta2: given(below1, 0.999, PAPER, "decay of the mean of their squares"),
  eps: given(positive, 1e-8, PAPER, "ε, added to the root"),
  weight_decay: given(atLeast0, 0.05, PAPER, "weight decay, times the learning rate"),
  no_decay,
});

const sgd = z.strictObject({
  kind: z.literal("sgd").meta({ source: "deit.md 8.2" }),
  momentum: given(below1, 0.9, "deit.md 7.14", "μ of the momentum"),
  nesterov: given(flag, true, "deit.md 7.14", "whether the momentum is Nesterov's"),
  weight_decay: given(atLeast0, 1e-4, "deit.md 7.14", "weight decay, added to the gradient"),
  no_decay,
});

const optimizer = z.discriminatedUnion("kind", [adamw, sgd], { error: 'must be "adamw" or "sgd"' });

const micro_batch = given(
  orWord("none", "a positive integer", { integer: true, least: 1 }),
  "none",
  "this project",
  "images of a forward and backward pass, a divisor of batch; none: the whole batch. The gradients of a step are summed over its micro-batches; " +
    "batch statistics of a teacher in training are those of a micro-batch, averaged over the micro-batches of a step",
);

/** What student and teacher have in common. */
const common = {
  warmup_epochs: given(natural, 5, PAPER, "epochs of linear warm-up"),
  min_lr: given(atLeast0, 1e-5, PAPER, "learning rate at the end of the cosine"),
  warmup_lr: given(atLeast0, 1e-6, PAPER, "learning rate at the start of the warm-up"),
  delayed: given(flag, false, "deit.md 10", "whether the schedule lags one epoch behind, as in the authors' code"),
  label_smoothing: given(share, 0.1, PAPER, "ε of the smoothing of labels"),
  smoothing_over: given(oneOf("all", "others"), "all", "deit.md 2.2", "over which classes ε is spread: all, or all but the right one"),
  clip_norm: given(orWord("none", "a number > 0", { above: 0 }), "none", PAPER, "largest norm of the gradient"),
  ema_decay: given(
    orWord("none", "a number in [0, 1)", { least: 0, below: 1 }),
    "none",
    "deit.md 10",
    "decay of a moving average of the weights",
  ),
  loss_scale: given(oneOf("dynamic", "none"), "none", "this project", "dynamic: the loss is scaled, for f16"),
  optimizer,
};

const deitTeacher = tableOf({
  batch: given(count, 1024, PAPER, "images of a step"),
  micro_batch,
  epochs: given(count, 300, PAPER, "epochs of the run"),
  lr: computed(positive, `${PAPER}: ${RATE} · batch/${RATE_BATCH}`, `learning rate; default: ${RATE} · batch/${RATE_BATCH}`),
  ...common,
  drop_path: given(below1, 0.1, PAPER, "stochastic depth: rate of the last block"),
  dropout: given(below1, 0, PAPER, "rate of every dropout"),
});

const student = deitTeacher.extend({
  trained: given(
    oneOf("all", "heads"),
    "all",
    "this project",
    "which parameters learn: all, or those of the heads alone, while all others stay as they are in the weights of init.from",
  ),
});

const teacher = tableOf({
  batch: count.meta({ description: "images of a step" }),
  micro_batch,
  epochs: count.meta({ description: "epochs of the training" }),
  lr: positive.meta({ description: "learning rate" }),
  ...common,
});

/** The schema of `[training]`. */
export const studentTable: z.ZodObject = student;
/** The schema of a DeiT's `[teacher.training]`. */
export const deitTrainingTable: z.ZodObject = deitTeacher;
/** The schema of a RegNetY's `[teacher.training]`. */
export const teacherTable: z.ZodObject = teacher;

function optimizerOf({ weight_decay: weightDecay, no_decay: noDecay, ...same }: z.output<typeof optimizer>): Optimizer {
  return { ...same, weightDecay, noDecay };
}

function trainingOf(settings: z.output<typeof deitTeacher> | z.output<typeof teacher>, base: number): TrainingRecipe {
  const { batch, micro_batch, epochs, delayed, clip_norm, ema_decay, loss_scale } = settings;
  const { min_lr: min, warmup_lr: warmup, warmup_epochs: warmupEpochs } = settings;
  return {
    batch,
    microBatch: micro_batch === "none" ? null : micro_batch,
    schedule: { base, min, warmup, warmupEpochs, epochs },
    delayed,
    optimizer: optimizerOf(settings.optimizer),
    smoothing: { share: settings.label_smoothing, over: settings.smoothing_over },
    clipNorm: clip_norm === "none" ? null : clip_norm,
    emaDecay: ema_decay === "none" ? null : ema_decay,
    lossScale: loss_scale === "none" ? null : loss_scale,
  };
}

const rateFor = (batch: number): number => (RATE * batch) / RATE_BATCH;

function withRate({ batch, micro_batch: micro, epochs, lr = rateFor(batch), ...same }: z.output<typeof deitTeacher>): Table {
  return { batch, micro_batch: micro, epochs, lr, ...same };
}

/** The student's training with the learning rate that follows from its batch. */
export const completedTraining = (table: unknown): Table => withRate(student.parse(table));

/** The training of a DeiT that teaches, likewise. */
export const completedDeitTraining = (table: unknown): Table => withRate(deitTeacher.parse(table));

function ofDeit(settings: z.output<typeof deitTeacher>): DeitTrainingRecipe {
  const { batch, lr = rateFor(batch), drop_path: dropPath, dropout } = settings;
  return { ...trainingOf(settings, lr), dropPath, dropout };
}

/** What the student's training says. */
export function studentTrainingOf(table: unknown): StudentRecipe {
  const settings = student.parse(table);
  return { ...ofDeit(settings), trained: settings.trained };
}

/** What the training of a DeiT that teaches says. */
export const deitTrainingOf = (table: unknown): DeitTrainingRecipe => ofDeit(deitTeacher.parse(table));

/** What the training of a RegNetY says. */
export function teacherTrainingOf(table: unknown): TrainingRecipe {
  const settings = teacher.parse(table);
  return trainingOf(settings, settings.lr);
}
