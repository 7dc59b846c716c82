/** DeiT's training task: draws drop path and dropout, runs the student, and computes the objective and its gradient. */
import type { Kernels } from "../../kernels/kernels.ts";
import { tokenCount, type DeitConfig } from "../../model/config.ts";
import { block } from "../../model/block.ts";
import {
  deitFeatures,
  deitLogits,
  deitLogitsOf,
  type BackboneParams,
  type DeitAttrs,
  type DeitInputs,
  type DeitParams,
} from "../../model/deit.ts";
import { classifierHeads, type HeadsParams, type Logits } from "../../model/heads.ts";
import { dropPathMultipliers, dropPathRates, type Multipliers } from "../../ops/dropPath.ts";
import type { DropoutAttrs } from "../../ops/dropout.ts";
import type { Op } from "../../ops/op.ts";
import { sineCosine } from "../../ops/position.ts";
import { rematerialise } from "../../ops/rematerialise.ts";
import { fold } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import { objective, type Distillation } from "./objective.ts";
import type { Draws, Task } from "./task.ts";

/** The attributes of a DeiT in evaluation mode: no drop path and no dropout. */
export function deitAttrs(k: Kernels, config: DeitConfig): DeitAttrs {
  const { patchSize, heads, layerNormEps: eps, position, width: D } = config;
  const T = tokenCount(config);
  const fixedPosition = position === "fixed" ? k.upload([1, T, D], sineCosine(T, D)) : null;
  return { patchSize, heads, eps, fixedPosition, dropPath: null, dropout: null };
}

/** How a DeiT is trained. */
export interface NetworkTaskSettings {
  /** The model's sizes. */
  readonly config: DeitConfig;
  /** r_max of (E30). */
  readonly dropPath: number;
  /** The rate of every dropout. */
  readonly dropout: number;
  /** The loss. */
  readonly distillation: Distillation;
}

/** A DeiT, and how all of it is trained. */
export interface DeitTaskSettings<Saved> extends NetworkTaskSettings {
  /** `deitLogits`, or the same network built from another block. */
  readonly model: Op<DeitInputs, Saved, DeitAttrs, Logits>;
}

/** The multipliers of B samples of the whole batch: those that the samples have however the batch is divided. */
function dropPathOf(k: Kernels, { key, first, of }: Draws, rates: readonly number[], B: number): readonly Multipliers[] | null {
  const all = dropPathMultipliers(k, fold(key, "dropPath"), rates, of);
  return B === of ? all : mapTree(all, (t) => k.slice(t, 0, first, first + B));
}

/** The dropout of a step. A micro-batch has draws of its own. */
function dropoutOf(rate: number, { key, first, of }: Draws, B: number): DropoutAttrs | null {
  if (rate === 0) return null;
  const ofStep = fold(key, "dropout");
  return { rate, key: B === of ? ofStep : fold(ofStep, first) };
}

/** The attributes of a DeiT in a step on these images. */
function trainingAttrs(k: Kernels, { config, dropPath, dropout }: NetworkTaskSettings, draws: Draws, images: Tensor): DeitAttrs {
  const B = axis(images.shape, 0);
  const rates = dropPathRates(dropPath, config.depth);
  return { ...deitAttrs(k, config), dropPath: dropPathOf(k, draws, rates, B), dropout: dropoutOf(dropout, draws, B) };
}

/** A task of a DeiT: the paper's objectives, with drop path and dropout. */
export function deitTask<Saved>(settings: DeitTaskSettings<Saved>): Task<DeitParams, null, null> {
  const { model, distillation } = settings;
  return {
    lossAndGrads: (k, { params }, { images, ...targets }, draws, dLoss) => {
      const { out: logits, saved } = model.forward(k, { images, params }, trainingAttrs(k, settings, draws, images));
      const { loss, truth, dLogits } = objective(k, logits, targets, distillation, dLoss);
      return { loss, truth, grads: model.vjp(k, saved, dLogits).params, statistics: null };
    },
    moveOn: null,
  };
}

/** The same task for the heads alone (linear probing). The parameters below them are its buffers, and the backward pass ends at the heads. */
export function headsTask(settings: NetworkTaskSettings): Task<HeadsParams, BackboneParams, null> {
  const { distillation } = settings;
  return {
    lossAndGrads: (k, { params, buffers }, { images, ...targets }, draws, dLoss) => {
      const z = deitFeatures(k, { images, params: buffers }, trainingAttrs(k, settings, draws, images));
      const { out: logits, saved } = classifierHeads.forward(k, { z, params });
      const { loss, truth, dLogits } = objective(k, logits, targets, distillation, dLoss);
      return { loss, truth, grads: classifierHeads.vjp(k, saved, dLogits).params, statistics: null };
    },
    moveOn: null,
  };
}

/** How much memory a task takes. `low` takes less memory and more time; the results are bitwise identical. */
export type Memory = "normal" | "low";
/** `fit`: normal if it fits into the engine's memory, else low. */
export type MemoryChoice = Memory | "fit";

/** Each block saves its inputs only, and its VJP runs the forward pass again. */
const leanDeitLogits = deitLogitsOf(rematerialise(block));

/** The task of a DeiT with the given use of memory. */
export const deitTaskWithin = (memory: Memory, settings: NetworkTaskSettings): Task<DeitParams, null, null> =>
  memory === "low" ? deitTask({ ...settings, model: leanDeitLogits }) : deitTask({ ...settings, model: deitLogits });
