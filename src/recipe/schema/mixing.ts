/** The table `[mixing]`: Mixup and CutMix of the student's batches (deit.md 7.9). */
import type { z } from "zod";
import type { MixingRecipe } from "../../train/run/recipe.ts";
import { count, given, number, share, tableOf } from "../fields.ts";

const PAPER = "deit.md 7.9";
const alpha = number("a number in [0, 4]", { least: 0, most: 4 });

const table = tableOf({
  mixup: given(alpha, 0.8, PAPER, "Mixup: λ ~ Beta(α, α) with this α; 0: no Mixup"),
  cutmix: given(alpha, 1, PAPER, "CutMix: λ ~ Beta(α, α) with this α; 0: no CutMix"),
  probability: given(share, 1, PAPER, "probability that a group is mixed"),
  cutmix_share: given(share, 0.5, PAPER, "probability of CutMix where both are on"),
  group: given(count, 64, PAPER, "images that share one λ, as on one of the authors' 16 GPUs; a smaller batch is one group"),
});

/** The schema. */
export const mixingTable: z.ZodObject = table;

/** What the table says. */
export function mixingOf(mixing: unknown): MixingRecipe {
  const { cutmix_share: cutmixShare, ...same } = table.parse(mixing);
  return { ...same, cutmixShare };
}
