/** All experiments by name, in the order of the paper. */
import { ablation } from "./definitions/ablation.ts";
import { choices } from "./definitions/choices.ts";
import { dataEfficiency } from "./definitions/dataEfficiency.ts";
import { distillation } from "./definitions/distillation.ts";
import { teachers } from "./definitions/teachers.ts";
import { throughput } from "./definitions/throughput.ts";
import { tokens } from "./definitions/tokens.ts";
import { training } from "./definitions/training.ts";
import type { Experiment } from "./experiment.ts";

const all: readonly Experiment[] = [distillation, dataEfficiency, teachers, tokens, ablation, training, throughput, choices];

export const experiments: ReadonlyMap<string, Experiment> = new Map(all.map((one) => [one.name, one]));
