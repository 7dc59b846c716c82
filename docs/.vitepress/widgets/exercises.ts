/** Every exercise of the reading path. */
import type { Exercise } from "./exercise.ts";
import { attention } from "./exercises/attention.ts";
import { augmentation } from "./exercises/augmentation.ts";
import { block } from "./exercises/block.ts";
import { choices } from "./exercises/choices.ts";
import { crossEntropy } from "./exercises/crossEntropy.ts";
import { distillation } from "./exercises/distillation.ts";
import { feedForward } from "./exercises/feedForward.ts";
import { gradients } from "./exercises/gradients.ts";
import { heads } from "./exercises/heads.ts";
import { initialisation } from "./exercises/initialisation.ts";
import { optimiser } from "./exercises/optimiser.ts";
import { patches } from "./exercises/patches.ts";
import { resolution } from "./exercises/resolution.ts";
import { tokens } from "./exercises/tokens.ts";

const all: readonly Exercise[] = [
  ...patches,
  ...tokens,
  ...attention,
  ...feedForward,
  ...block,
  ...heads,
  ...crossEntropy,
  ...distillation,
  ...gradients,
  ...initialisation,
  ...optimiser,
  ...augmentation,
  ...resolution,
  ...choices,
];

/** By id. */
export const exercises: ReadonlyMap<string, Exercise> = new Map(all.map((exercise) => [exercise.id, exercise]));
