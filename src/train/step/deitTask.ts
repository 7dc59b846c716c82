/** DeiT's training task: draws drop path and dropout, runs student and teacher on the same images, and computes the objective and its gradient. */
import type { Kernels } from "../../kernels/kernels.ts";
import { tokenCount, type DeitConfig } from "../../model/config.ts";
import { block } from "../../model/block.ts";
import { deitLogits, deitLogitsOf, type DeitAttrs, type DeitInputs, type DeitParams } from "../../model/deit.ts";
import type { Logits } from "../../model/heads.ts";
import { dropPathMultipliers, dropPathRates } from "../../ops/dropPath.ts";
import type { Op } from "../../ops/op.ts";
import { sineCosine } from "../../ops/position.ts";
import { rematerialise } from "../../ops/rematerialise.ts";
import { fold, type Key } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { mixedBatch, type Smoothing } from "./mixedBatch.ts";
import { objective, type Distillation } from "./objective.ts";
import type { Task } from "./step.ts";

/** The attributes of a DeiT in evaluation mode: no drop path and no dropout. */
export function deitAttrs(k: Kernels, config: DeitConfig): DeitAttrs {
  const { patchSize, heads, layerNormEps: eps, position, width: D } = config;
  const T = tokenCount(config);
  const fixedPosition = position === "fixed" ? k.upload([1, T, D], sineCosine(T, D)) : null;
  return { patchSize, heads, eps, fixedPosition, dropPath: null, dropout: null };
}

/** A DeiT, and how it is trained. */
export interface DeitTaskSettings<Saved> {
  /** The model's sizes. */
  readonly config: DeitConfig;
  /** `deitLogits`, or the same network built from another block. */
  readonly model: Op<DeitInputs, Saved, DeitAttrs, Logits>;
  /** How the labels are smoothed. */
  readonly smoothing: Smoothing;
  /** r_max of (E30). */
  readonly dropPath: number;
  /** The rate of every dropout. */
  readonly dropout: number;
  /** The loss. */
  readonly distillation: Distillation;
  /** Images → teacher logits, in evaluation mode; null: no teacher. It is called on each batch after augmentation; its logits are never cached. */
  readonly teacher: ((k: Kernels, images: Tensor) => Tensor) | null;
}

/** A task of a DeiT: the paper's objectives, with drop path and an optional teacher. */
export function deitTask<Saved>(settings: DeitTaskSettings<Saved>): Task<DeitParams, null, null> {
  const { config, model, smoothing, distillation } = settings;
  const rates = dropPathRates(settings.dropPath, config.depth);
  return {
    lossAndGrads: (k, { params }, batch, key: Key, dLoss) => {
      const { images, target } = mixedBatch(k, batch, config.classes, smoothing);
      const dropPath = dropPathMultipliers(k, fold(key, "dropPath"), rates, axis(images.shape, 0));
      const dropout = settings.dropout === 0 ? null : { rate: settings.dropout, key: fold(key, "dropout") };
      const { out: logits, saved } = model.forward(k, { images, params }, { ...deitAttrs(k, config), dropPath, dropout });
      const targets = { target, teacher: settings.teacher?.(k, images) ?? null };
      const { loss, dLogits } = objective(k, logits, targets, distillation, dLoss);
      return { loss, grads: model.vjp(k, saved, dLogits).params, statistics: null };
    },
    moveOn: () => null,
  };
}

/** How much memory a task takes. `low` takes less memory and more time; the results are bitwise identical. */
export type Memory = "normal" | "low";
/** `fit`: normal if it fits into the engine's memory, else low. */
export type MemoryChoice = Memory | "fit";

/** Each block saves its inputs only, and its VJP runs the forward pass again. */
const leanDeitLogits = deitLogitsOf(rematerialise(block));

/** The task of a DeiT with the given use of memory. */
export const deitTaskWithin = (memory: Memory, settings: Omit<DeitTaskSettings<unknown>, "model">): Task<DeitParams, null, null> =>
  memory === "low" ? deitTask({ ...settings, model: leanDeitLogits }) : deitTask({ ...settings, model: deitLogits });
