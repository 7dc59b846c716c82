/** Every numbered formula of docs/deit.md in TeX. */
import { attention } from "./attention.ts";
import { block } from "./block.ts";
import { crossEntropy } from "./crossEntropy.ts";
import { distillation } from "./distillation.ts";
import { feedForward } from "./feedForward.ts";
import { heads } from "./heads.ts";
import { patches } from "./patches.ts";
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
};
