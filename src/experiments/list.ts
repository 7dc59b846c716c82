/** All experiments by name. */
import { ablation } from "./definitions/ablation.ts";
import { dataEfficiency } from "./definitions/dataEfficiency.ts";
import { distillation } from "./definitions/distillation.ts";
import { tokensExperiment } from "./definitions/tokens.ts";
import type { Experiment } from "./experiment.ts";

export const experiments: ReadonlyMap<string, Experiment> = new Map(
  [distillation, dataEfficiency, tokensExperiment, ablation].map((one) => [one.name, one]),
);
