/** The authors' training settings (deit.md 7.1), as far as they concern a single step; used where a step is measured. */
import type { DeitConfig } from "../../model/config.ts";
import type { DeitParams } from "../../model/deit.ts";
import type { MixingSettings } from "../mixing/drawMix.ts";
import { deitTaskWithin, type Memory } from "./deitTask.ts";
import type { Smoothing } from "./mixedBatch.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Task } from "./task.ts";

/** AdamW with the authors' settings. */
export const publishedAdamw: Optimizer = { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 };
/** The authors' label smoothing. */
export const publishedSmoothing: Smoothing = { share: 0.1, over: "all" };
/** The authors' Mixup and CutMix. */
export const publishedMixing: MixingSettings = { mixup: 0.8, cutmix: 1, probability: 1, cutmixShare: 0.5, group: 64 };
/** d of (E37) in the authors' code, which keeps an average that the main results do not use (deit.md 7.1). */
export const publishedEmaDecay = 0.99996;
/** r_max of (E30). */
const DROP_PATH = 0.1;

/** The authors' task. Distilled models learn by hard distillation (E26) from the teacher's logits; plain models learn from the labels alone. */
export const publishedTask = (config: DeitConfig, memory: Memory): Task<DeitParams, null, null> =>
  deitTaskWithin(memory, {
    config,
    dropPath: DROP_PATH,
    dropout: 0,
    distillation: config.distilled ? { kind: "hard", alpha: 0.5, student: "distillation" } : { kind: "none" },
  });
