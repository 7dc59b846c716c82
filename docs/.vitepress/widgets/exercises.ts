/** Every exercise of the reading path. */
import type { Exercise } from "./exercise.ts";
import { feedForward } from "./exercises/feedForward.ts";
import { gradients } from "./exercises/gradients.ts";
import { initialisation } from "./exercises/initialisation.ts";
import { optimiser } from "./exercises/optimiser.ts";

const all: readonly Exercise[] = [...feedForward, ...gradients, ...initialisation, ...optimiser];

/** By id. */
export const exercises: ReadonlyMap<string, Exercise> = new Map(all.map((exercise) => [exercise.id, exercise]));
