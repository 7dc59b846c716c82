/** All experiments by name. */
import { distillation } from "./definitions/distillation.ts";
import type { Experiment } from "./experiment.ts";

export const experiments: ReadonlyMap<string, Experiment> = new Map([distillation].map((one) => [one.name, one]));
