/** Every example of the reading path, by the name that a chapter gives to `<Try>`. */
import type { Example } from "./example.ts";
import { attention } from "./examples/attention.ts";
import { augmentation } from "./examples/augmentation.ts";
import { block } from "./examples/block.ts";
import { choices } from "./examples/choices.ts";
import { crossEntropy } from "./examples/crossEntropy.ts";
import { distillation } from "./examples/distillation.ts";
import { feedForward } from "./examples/feedForward.ts";
import { gradients } from "./examples/gradients.ts";
import { heads } from "./examples/heads.ts";
import { initialisation } from "./examples/initialisation.ts";
import { patches } from "./examples/patches.ts";
import { resolution } from "./examples/resolution.ts";
import { tokens } from "./examples/tokens.ts";

export const examples: Readonly<Record<string, Example>> = {
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
  ...augmentation,
  ...resolution,
  ...choices,
};
