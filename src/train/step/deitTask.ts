/** What DeiT learns: drop path and dropout drawn, student and teacher on the same images, the objective, and its gradient. */
import type { Kernels } from "../../kernels/kernels.ts";
import { smoothOverAll, smoothOverOthers } from "../../losses/labelSmoothing.ts";
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
import { objective, type Distillation } from "./objective.ts";
import type { Task } from "./step.ts";

/** (E20) or (E21), and ε. */
export interface Smoothing {
  /** ε, the share that is spread. */
  readonly share: number;
  /** Over all classes (E20), or over the others (E21). */
  readonly over: "all" | "others";
}

/** Labels [B] → targets [B, K]. */
export function smoothedTargets(k: Kernels, labels: Tensor, classes: number, { share, over }: Smoothing): Tensor {
  return over === "all" ? smoothOverAll(k, labels, classes, share) : smoothOverOthers(k, labels, classes, share);
}

/** What the network is told beside images and parameters, with nothing dropped. */
export function deitAttrs(k: Kernels, config: DeitConfig): DeitAttrs {
  const { patchSize, heads, layerNormEps: eps, position, width: D } = config;
  const T = tokenCount(config);
  const fixedPosition = position === "fixed" ? k.upload([1, T, D], sineCosine(T, D)) : null;
  return { patchSize, heads, eps, fixedPosition, dropPath: null, dropout: null };
}

/** What a DeiT is trained for. */
export interface DeitTaskSettings<Saved> {
  /** The model's sizes. */
  readonly config: DeitConfig;
  /** `deitLogits`, or the same around another block. */
  readonly model: Op<DeitInputs, Saved, DeitAttrs, Logits>;
  /** Of the labels. */
  readonly smoothing: Smoothing;
  /** r_max of (E30). */
  readonly dropPath: number;
  /** Rate of every dropout. */
  readonly dropout: number;
  /** The loss. */
  readonly distillation: Distillation;
  /** Images → teacher logits, in evaluation mode; null: no teacher. Called on each batch as the student sees it, never cached. */
  readonly teacher: ((k: Kernels, images: Tensor) => Tensor) | null;
}

/** A task of a DeiT: the paper's objectives, with drop path and an optional teacher. */
export function deitTask<Saved>(settings: DeitTaskSettings<Saved>): Task<DeitParams, null, null> {
  const { config, model, smoothing, distillation } = settings;
  const rates = dropPathRates(settings.dropPath, config.depth);
  return {
    lossAndGrads: (k, { params }, { images, labels }, key: Key, dLoss) => {
      const dropPath = dropPathMultipliers(k, fold(key, "dropPath"), rates, axis(images.shape, 0));
      const dropout = settings.dropout === 0 ? null : { rate: settings.dropout, key: fold(key, "dropout") };
      const { out: logits, saved } = model.forward(k, { images, params }, { ...deitAttrs(k, config), dropPath, dropout });
      const target = smoothedTargets(k, labels, config.classes, smoothing);
      const targets = { target, teacher: settings.teacher?.(k, images) ?? null };
      const { loss, dLogits } = objective(k, logits, targets, distillation, dLoss);
      return { loss, grads: model.vjp(k, saved, dLogits).params, statistics: null };
    },
    moveOn: () => null,
  };
}

/** `low`: less of it for more time, to the same bits. */
export type Memory = "normal" | "low";
/** `fit`: low where an engine has no room for normal. */
export type MemoryChoice = Memory | "fit";

/** Each block saves its input only, and is run again for its pullback. */
const leanDeitLogits = deitLogitsOf(rematerialise(block));

/** The task on the network that takes so much memory. */
export const deitTaskWithin = (memory: Memory, settings: Omit<DeitTaskSettings<unknown>, "model">): Task<DeitParams, null, null> =>
  memory === "low" ? deitTask({ ...settings, model: leanDeitLogits }) : deitTask({ ...settings, model: deitLogits });
