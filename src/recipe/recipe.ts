/** Reads recipes: a file, changes to it and defaults become one recipe, in which each value has its origin; a mistake becomes a one-line error. */
import { stringify } from "smol-toml";
import { ZodError } from "zod";
import { deitConfig } from "../model/config.ts";
import { regnetConfig } from "../teacher/config.ts";
import type { Recipe } from "../train/run/recipe.ts";
import { nearest } from "./nearest.ts";
import { dotted, isTable } from "./leaves.ts";
import { checkedRecipe, recipeKeys } from "./schema.ts";
import { changeOf, keysIn, merged, recipeTable, type Table } from "./text.ts";

/** A value of a recipe with its origin. */
export interface SourcedValue {
  /** Dotted: `training.optimizer.beta1`. */
  readonly key: string;
  /** As TOML has it: a number, text, flag or list. */
  readonly value: unknown;
  /** `recipe` (the file), `--set`, `--seed`, or where the default comes from (`deit.md 7.1`). */
  readonly source: string;
}

/** A recipe that has been read and checked. */
export interface ReadRecipe {
  /** What is trained, ready for the training step. */
  readonly recipe: Recipe;
  /** Every value, defaults included, in the schema's order. */
  readonly values: readonly SourcedValue[];
  /** The recipe as TOML, with every value written out. */
  readonly text: string;
}

/** Changes to a recipe file. */
export interface RecipeChanges {
  /** Values to replace, each as `key=value`: `training.batch=32`. The value is one of TOML; a bare word is a text. */
  readonly set?: readonly string[];
  /** Replaces the file's seed. */
  readonly seed?: number;
}

/** A table inside a table; null if the key holds none. */
const tableIn = (table: Table | null, key: string): Table | null => {
  const value = table?.[key];
  return isTable(value) ? value : null;
};

/** The sizes of a published model, under the keys of a recipe. */
const publishedSizes: { readonly [path: string]: (name: string) => Table } = {
  model: (name) => {
    const { imageSize: image_size, width, heads, distilled } = deitConfig(name);
    return { image_size, width, heads, distilled };
  },
  "teacher.model": (name) => {
    const { widths, depths, groupWidth: group_width } = regnetConfig(name);
    return { widths, depths, group_width };
  },
};

/** The kind of a table whose `kind` is left out. */
const defaultKinds: { readonly [path: string]: string } = {
  "training.optimizer": "adamw",
  "teacher.training.optimizer": "sgd",
  distillation: "none",
};

/** The table with the value at a path replaced; unchanged if a table on the path is missing. */
function replaced(table: Table, [key = "", ...rest]: readonly string[], change: (value: unknown) => unknown): Table {
  if (rest.length === 0) return { ...table, [key]: change(table[key]) };
  const inner = tableIn(table, key);
  return inner === null ? table : { ...table, [key]: replaced(inner, rest, change) };
}

/** Adds what a recipe leaves out: kinds, and the sizes of the published models that it names. `origins` holds the keys of those sizes. */
function completed(given: Table): { readonly table: Table; readonly origins: ReadonlyMap<string, string> } {
  const origins = new Map<string, string>();
  let table = given;
  for (const [path, kind] of Object.entries(defaultKinds))
    table = replaced(table, path.split("."), (value) => (value === undefined ? { kind } : isTable(value) ? { kind, ...value } : value));
  for (const [path, sizesOf] of Object.entries(publishedSizes))
    table = replaced(table, path.split("."), (value) => {
      if (!isTable(value)) return value;
      const { name, ...others } = value;
      if (typeof name !== "string") return value;
      const sizes = sizesOf(name);
      for (const key of Object.keys(sizes)) origins.set(dotted(path, key), `sizes of ${name}`);
      return { ...sizes, ...others };
    });
  return { table, origins };
}

const shown = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "number" ? `${value}` : JSON.stringify(value);

const valueAt = (table: Table, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined), table);

/** The dotted names of all values and tables. */
const namesInSchema = (): readonly string[] => [
  ...new Set(recipeKeys.flatMap((key) => key.split(".").map((_, i, path) => path.slice(0, i + 1).join(".")))),
];

/** Why a key is wrong: it is misspelt, or belongs to another kind of table. */
function unknownKey(table: Table, path: readonly string[], name: string): string {
  const key = dotted(path.join("."), name);
  if (!recipeKeys.includes(key)) return `${key} is not known; did you mean ${nearest(key, namesInSchema(), 1).join()}?`;
  return `${key} does not go with ${dotted(path.join("."), "kind")} = ${shown(valueAt(table, [...path, "kind"]))}`;
}

/** `training.batch must be a positive integer, got 0`. Unknown keys come first, since a missing value may be a misspelt one. */
function mistake({ issues }: ZodError, table: Table): string {
  for (const issue of issues) if (issue.code === "unrecognized_keys") return unknownKey(table, issue.path.map(String), issue.keys[0] ?? "");
  const path = issues[0]?.path.map(String) ?? [];
  return `${path.join(".")} ${issues[0]?.message}, got ${shown(valueAt(table, path))}`;
}

/** @throws RangeError if the parts of a recipe contradict one another */
function checkTogether({ model, distillation, teacher }: Recipe): void {
  const learnsFromTeacher = distillation.kind === "hard" || distillation.kind === "soft";
  if (learnsFromTeacher && teacher === null)
    throw new RangeError(`distillation.kind is "${distillation.kind}", which needs a [teacher.model] and a [teacher.training]`);
  if (model.distilled) return;
  if (learnsFromTeacher && distillation.student === "distillation")
    throw new RangeError('distillation.student is "distillation", which needs model.distilled = true; a plain model goes with "class"');
  if (distillation.kind === "two-class-tokens")
    throw new RangeError('distillation.kind is "two-class-tokens", which needs model.distilled = true');
}

/** Completes and checks the tables of a recipe. @throws RangeError in one line */
function checked(given: Table, where: string): ReturnType<typeof checkedRecipe> & ReturnType<typeof completed> {
  let table = given;
  try {
    const complete = completed(given);
    table = complete.table;
    const result = checkedRecipe(table);
    checkTogether(result.recipe);
    return { ...complete, ...result };
  } catch (error) {
    const what = error instanceof ZodError ? mistake(error, table) : error instanceof Error ? error.message : String(error);
    throw new RangeError(`recipe ${where}: ${what}`, { cause: error });
  }
}

/**
 * Reads a recipe, applies changes to it, and checks it.
 *
 * @param nameOrPath the name of a bundled recipe (`digits`), or the path of a TOML file
 * @throws RangeError whose one line says what is wrong, where, and what would be right
 */
export function readRecipe(nameOrPath: string, { set = [], seed }: RecipeChanges = {}): ReadRecipe {
  const file = recipeTable(nameOrPath);
  const changes = set.map(changeOf);
  const seeded: Table = seed === undefined ? {} : { seed };
  const { recipe, table, leaves, origins } = checked([...changes, seeded].reduce(merged, file), nameOrPath);
  const sources = new Map([
    ...origins,
    ...keysIn(file).map((key) => [key, "recipe"] as const),
    ...changes.flatMap((change) => keysIn(change)).map((key) => [key, "--set"] as const),
    ...keysIn(seeded).map((key) => [key, "--seed"] as const),
  ]);
  return {
    recipe,
    values: leaves.map(({ key, value, source }) => ({ key, value, source: sources.get(key) ?? source ?? "recipe" })),
    text: `# Every value of this run, defaults included.\n${stringify(table)}`,
  };
}
