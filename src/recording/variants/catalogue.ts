/** The catalogue of variants (recording format, section 6): what `deit verify` tries on the first step that is wrong. */
import { attentionVariants } from "./attention.ts";
import { biasVariants } from "./bias.ts";
import { batchVariants } from "./batch.ts";
import { embeddingVariants } from "./embedding.ts";
import { geluVariants } from "./gelu.ts";
import { layerNormVariants } from "./layerNorm.ts";
import { lossVariants } from "./loss.ts";
import { headVariants } from "./heads.ts";
import { optimizerVariants } from "./optimizer.ts";
import { postNormVariants } from "./postNorm.ts";
import { residualVariants } from "./residual.ts";
import type { Variant } from "./variant.ts";

/** Every known mistake. */
export const catalogue: readonly Variant[] = [
  ...embeddingVariants,
  ...layerNormVariants,
  ...attentionVariants,
  ...geluVariants,
  ...biasVariants,
  ...residualVariants,
  ...postNormVariants,
  ...headVariants,
  ...lossVariants,
  ...batchVariants,
  ...optimizerVariants,
];
