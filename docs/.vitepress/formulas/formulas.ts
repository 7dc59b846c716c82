/** Every numbered formula of docs/deit.md in TeX. */
import { attention } from "./attention.ts";
import { augmentation } from "./augmentation.ts";
import { block } from "./block.ts";
import { crossEntropy } from "./crossEntropy.ts";
import { distillation } from "./distillation.ts";
import { feedForward } from "./feedForward.ts";
import { gradients } from "./gradients.ts";
import { heads } from "./heads.ts";
import { initialisation } from "./initialisation.ts";
import { optimiser } from "./optimiser.ts";
import { patches } from "./patches.ts";
import { resolution } from "./resolution.ts";
import { tokens } from "./tokens.ts";

export const formulas: Readonly<Record<string, string>> = {
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
};
