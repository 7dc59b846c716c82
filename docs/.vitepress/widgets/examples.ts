/** Every example of the reading path, by the name that a chapter gives to `<Try>`. */
import type { Example } from "./example.ts";
import { block } from "./examples/block.ts";
import { crossEntropy } from "./examples/crossEntropy.ts";
import { distillation } from "./examples/distillation.ts";
import { feedForward } from "./examples/feedForward.ts";
import { heads } from "./examples/heads.ts";

export const examples: Readonly<Record<string, Example>> = { ...feedForward, ...block, ...heads, ...crossEntropy, ...distillation };
