/** The table `[init]`: the weights to start from. A recipe without it starts from random values. */
import type { z } from "zod";
import { positionMethods } from "../../model/resizedPositions.ts";
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
  positions: computed(
    oneOf(...positionMethods),
    "deit.md 7.13",
    "how the position embedding is resized to model.image_size (default: bicubic, DeiT's); -norm: each resized vector gets the norm that the same weights make of the norms",
  ),
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
 * @throws RangeError without weights, for heads that are to be kept or positions that are to be resized
 */
export function completedInit(init: unknown): Table | null {
  const { from, heads, positions } = table.parse(init);
  if (from !== NONE) return { ...(from === undefined ? {} : { from }), heads: heads ?? "keep", positions: positions ?? "bicubic" };
  const asked = heads === "keep" ? 'heads is "keep"' : positions === undefined ? null : `positions is "${positions}"`;
  if (asked !== null)
    throw new RangeError(`init.${asked}, which needs weights: --set init.from=WEIGHTS (a run's folder or a file), got "${NONE}"`);
  return null;
}

/** What a completed table says. */
export function initOf(init: unknown): InitDraft {
  const { from = null, heads = "keep", positions = "bicubic" } = table.parse(init);
  return { from, heads, positions };
}
