/** Every exercise of the reading path. */
import type { Exercise } from "./exercise.ts";
import { augmentation } from "./exercises/augmentation.ts";
import { choices } from "./exercises/choices.ts";
import { feedForward } from "./exercises/feedForward.ts";
import { resolution } from "./exercises/resolution.ts";

const all: readonly Exercise[] = [...feedForward, ...augmentation, ...resolution, ...choices];

/** By id. */
export const exercises: ReadonlyMap<string, Exercise> = new Map(all.map((exercise) => [exercise.id, exercise]));
