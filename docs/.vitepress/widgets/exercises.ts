/** Every exercise of the reading path. */
import type { Exercise } from "./exercise.ts";
import { attention } from "./exercises/attention.ts";
import { feedForward } from "./exercises/feedForward.ts";
import { patches } from "./exercises/patches.ts";
import { tokens } from "./exercises/tokens.ts";

const all: readonly Exercise[] = [...patches, ...tokens, ...attention, ...feedForward];

/** By id. */
export const exercises: ReadonlyMap<string, Exercise> = new Map(all.map((exercise) => [exercise.id, exercise]));
