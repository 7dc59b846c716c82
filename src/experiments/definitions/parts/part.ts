/** A part of an experiment. */
import type { Experiment } from "../../experiment.ts";

export type Part = Pick<Experiment, "arms" | "measurements" | "quantities" | "claims" | "figures">;
