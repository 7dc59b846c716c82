/** The table `[init]`: the weights to start from. A recipe without it starts from random values. */
import type { z } from "zod";
import type { InitRecipe } from "../../train/run/recipe.ts";
import { computed, oneOf, required, tableOf, text } from "../fields.ts";
import type { Table } from "../text.ts";

const NONE = "none";

const table = tableOf({
  from: required(
    text,
    "--set init.from=WEIGHTS, where WEIGHTS is a run's folder or a file of weights",
    `weights to start from: a run's folder or a file (.safetensors, .npz, .pth); ${NONE}: random values`,
  ),
  heads: computed(oneOf("keep", "new"), "this project", "keep: start with the heads of the weights (default); new: with random heads"),
});

/** The schema. */
export const initTable: z.ZodObject = table;

/** The start before it is known where the weights are. */
export interface InitDraft extends Omit<InitRecipe, "from"> {
  /** A run's folder, or a file of weights; null: not set yet. */
  readonly from: string | null;
}

/**
 * The completed table; null: the run starts from random values.
 *
 * @throws RangeError for heads that are to be kept without weights
 */
export function completedInit(init: unknown): Table | null {
  const { from, heads } = table.parse(init);
  if (from !== NONE) return { ...(from === undefined ? {} : { from }), heads: heads ?? "keep" };
  if (heads === "keep")
    throw new RangeError(`init.heads is "keep", which needs weights: --set init.from=WEIGHTS (a run's folder or a file), got "${NONE}"`);
  return null;
}

/** What a completed table says. */
export function initOf(init: unknown): InitDraft {
  const { from = null, heads = "keep" } = table.parse(init);
  return { from, heads };
}
