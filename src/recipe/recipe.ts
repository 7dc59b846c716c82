/** Reads recipes: a file, changes to it and defaults become one recipe, in which each value has its origin; a mistake becomes a one-line error. */
import { stringify } from "smol-toml";
import { ZodError } from "zod";
import type { Recipe } from "../train/run/recipe.ts";
import { completed } from "./completed.ts";
import { layered, layersOf, type Layer } from "./layers.ts";
import { checkTogether, missingText, mistake } from "./mistakes.ts";
import { checkedRecipe, type CheckedRecipe, type RecipeDraft } from "./schema/file.ts";
import { changeOf, type Table } from "./text.ts";

/** A value of a recipe with its origin. */
export interface SourcedValue {
  /** Dotted: `training.optimizer.beta1`. */
  readonly key: string;
  /** As TOML has it: a number, text, flag or list; null: it is not set yet. */
  readonly value: unknown;
  /** `--set`, `--seed`, what the recipe's file says about it, else `recipe`; where the default comes from (`deit.md 7.1`); `required`: not set yet. */
  readonly source: string;
}

/** A recipe that has been read and checked; the values that every run must set may be missing. */
export interface RecipeValues {
  /** Every value, defaults included, in the schema's order. */
  readonly values: readonly SourcedValue[];
  /** The recipe as TOML, with every value written out. */
  readonly text: string;
}

/** A recipe with everything that a run needs. */
export interface ReadRecipe extends RecipeValues {
  /** What is trained, ready for the training step. */
  readonly recipe: Recipe;
}

/** Changes to a recipe file. */
export interface RecipeChanges {
  /** Values to replace, each as `key=value`: `training.batch=32`. The value is one of TOML; any other is a text. */
  readonly set?: readonly string[];
  /** Replaces the file's seed. */
  readonly seed?: number;
}

/** The source of a value that every run must set. */
const REQUIRED = "required";

/** A recipe as far as it is set. */
export interface DraftedRecipe extends RecipeValues {
  /** What is trained; the values that every run must set may be null. */
  readonly draft: RecipeDraft;
}

/** A recipe that has been checked, and what it still lacks. */
interface Drafted extends DraftedRecipe {
  /** What is missing, and how to set it; null: nothing. */
  readonly missing: string | null;
}

/** Completes and checks the tables of a recipe. @throws RangeError in one line */
function checked(given: Table, where: string): CheckedRecipe & { readonly origins: ReadonlyMap<string, string> } {
  let table = given;
  try {
    const complete = completed(given);
    table = complete.table;
    const result = checkedRecipe(table);
    checkTogether(result.draft);
    return { origins: complete.origins, ...result };
  } catch (error) {
    const what = error instanceof ZodError ? mistake(error, table) : error instanceof Error ? error.message : String(error);
    throw new RangeError(`recipe ${where}: ${what}`, { cause: error });
  }
}

function drafted(nameOrPath: string, { set = [], seed }: RecipeChanges): Drafted {
  const changes = set.map((text): Layer => ({ table: changeOf(text), sourceOf: () => "--set" }));
  const seeded: readonly Layer[] = seed === undefined ? [] : [{ table: { seed }, sourceOf: () => "--seed" }];
  const { table: given, sources } = layered([...layersOf(nameOrPath), ...changes, ...seeded]);
  const { draft, table, leaves, origins } = checked(given, nameOrPath);
  const values = leaves.map(({ key, value, source, missing }) => ({
    key,
    value,
    source: missing === null ? (sources.get(key) ?? origins.get(key) ?? source ?? "recipe") : REQUIRED,
  }));
  return { draft, values, text: `# Every value of this run, defaults included.\n${stringify(table)}`, missing: missingText(leaves, draft) };
}

/**
 * Reads and checks a recipe in which the values that every run must set, such as `data.train`, may be missing.
 *
 * @param nameOrPath the name of a bundled recipe (`digits`), or the path of a TOML file
 * @throws RangeError whose one line says what is wrong, where, and what would be right
 */
export function recipeValues(nameOrPath: string, changes: RecipeChanges = {}): DraftedRecipe {
  const { draft, values, text } = drafted(nameOrPath, changes);
  return { draft, values, text };
}

/**
 * Reads a recipe, applies changes to it, and checks it.
 *
 * @param nameOrPath the name of a bundled recipe (`digits`), or the path of a TOML file
 * @throws RangeError whose one line says what is wrong or missing, where, and what would be right
 */
export function readRecipe(nameOrPath: string, changes: RecipeChanges = {}): ReadRecipe {
  const { draft, values, text, missing } = drafted(nameOrPath, changes);
  const { data, init } = draft;
  const { train, test } = data;
  const from = init?.from ?? null;
  if (missing !== null || train === null || test === null || (init !== null && from === null))
    throw new RangeError(`recipe ${nameOrPath}: ${missing}`);
  const start = init === null || from === null ? null : { ...init, from };
  return { recipe: { ...draft, data: { ...data, train, test }, init: start }, values, text };
}
