/** Every numbered formula of docs/deit.md in TeX. */
import { block } from "./block.ts";
import { crossEntropy } from "./crossEntropy.ts";
import { distillation } from "./distillation.ts";
import { gradients } from "./gradients.ts";
import { heads } from "./heads.ts";
import { network } from "./network.ts";

export const formulas: Readonly<Record<string, string>> = { ...network, ...gradients, ...block, ...heads, ...crossEntropy, ...distillation };
