/** A recipe as a command takes it: file, changes and defaults in one, each value with its origin, and mistakes told in one line. */
import { stringify } from "smol-toml";
import { ZodError } from "zod";
import { deitConfig } from "../model/config.ts";
import { regnetConfig } from "../teacher/config.ts";
import type { Recipe } from "../train/run/recipe.ts";
import { nearest } from "./nearest.ts";
import { dotted, isTable } from "./leaves.ts";
import { checkedRecipe, recipeKeys } from "./schema.ts";
import { changeOf, keysIn, merged, recipeTable, type Table } from "./text.ts";

/** A value with its origin: `recipe`, `--set`, `--seed`, or where its default comes from. */
export interface Sourced {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
}

export interface ReadRecipe {
  readonly recipe: Recipe;
  readonly values: readonly Sourced[];
  /** TOML with every value written out. */
  readonly text: string;
}

export interface Changes {
  /** `training.batch=32`, … */
  readonly set: readonly string[];
  readonly seed?: number;
}

const partOf = (table: Table | null, key: string): Table | null => {
  const part = table?.[key];
  return isTable(part) ? part : null;
};

/** Sizes of a published model under the keys of a recipe. */
const published: { readonly [path: string]: (name: string) => Table } = {
  model: (name) => {
    const { imageSize: image_size, width, heads, distilled } = deitConfig(name);
    return { image_size, width, heads, distilled };
  },
  "teacher.model": (name) => {
    const { widths, depths, groupWidth: group_width } = regnetConfig(name);
    return { widths, depths, group_width };
  },
};

/** The kind of a table that does not say it. */
const kinds: { readonly [path: string]: string } = {
  "training.optimizer": "adamw",
  "teacher.training.optimizer": "sgd",
  distillation: "none",
};

/** The table with its part at a dotted path replaced; as it is where there is no table to hold the part. */
function replaced(table: Table, [key = "", ...rest]: readonly string[], change: (part: unknown) => unknown): Table {
  if (rest.length === 0) return { ...table, [key]: change(table[key]) };
  const part = partOf(table, key);
  return part === null ? table : { ...table, [key]: replaced(part, rest, change) };
}

/** What a recipe leaves unsaid, put below what it says: kinds, and the sizes of models that it names; with the keys of the latter. */
function completed(given: Table): { readonly table: Table; readonly origins: ReadonlyMap<string, string> } {
  const origins = new Map<string, string>();
  let table = given;
  for (const [path, kind] of Object.entries(kinds))
    table = replaced(table, path.split("."), (part) => (part === undefined ? { kind } : isTable(part) ? { kind, ...part } : part));
  for (const [path, sizesOf] of Object.entries(published))
    table = replaced(table, path.split("."), (part) => {
      if (!isTable(part)) return part;
      const { name, ...said } = part;
      if (typeof name !== "string") return part;
      const sizes = sizesOf(name);
      for (const key of Object.keys(sizes)) origins.set(dotted(path, key), `sizes of ${name}`);
      return { ...sizes, ...said };
    });
  return { table, origins };
}

const shown = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "number" ? `${value}` : JSON.stringify(value);

const partAt = (table: Table, path: readonly string[]): unknown =>
  path.reduce<unknown>((part, key) => (typeof part === "object" && part !== null ? Reflect.get(part, key) : undefined), table);

/** Names of values and of tables. */
const knownNames = (): readonly string[] => [
  ...new Set(recipeKeys.flatMap((key) => key.split(".").map((_, i, path) => path.slice(0, i + 1).join(".")))),
];

/** A key that is wrong here: misspelt, or of another kind of table. */
function stranger(table: Table, path: readonly string[], name: string): string {
  const key = dotted(path.join("."), name);
  if (!recipeKeys.includes(key)) return `${key} is not known; did you mean ${nearest(key, knownNames(), 1).join()}?`;
  return `${key} does not go with ${dotted(path.join("."), "kind")} = ${shown(partAt(table, [...path, "kind"]))}`;
}

/** `training.batch must be a positive integer, got 0`; unknown keys first, as what is missing may be misspelt. */
function mistake({ issues }: ZodError, table: Table): string {
  for (const issue of issues) if (issue.code === "unrecognized_keys") return stranger(table, issue.path.map(String), issue.keys[0] ?? "");
  const path = issues[0]?.path.map(String) ?? [];
  return `${path.join(".")} ${issues[0]?.message}, got ${shown(partAt(table, path))}`;
}

/** @throws RangeError where the parts of a recipe do not go together */
function checkTogether({ model, distillation, teacher }: Recipe): void {
  const taught = distillation.kind === "hard" || distillation.kind === "soft";
  if (taught && teacher === null)
    throw new RangeError(`distillation.kind is "${distillation.kind}", which needs a [teacher.model] and a [teacher.training]`);
  if (model.distilled) return;
  if (taught && distillation.student === "distillation")
    throw new RangeError('distillation.student is "distillation", which needs model.distilled = true; "class" would go with a plain model');
  if (distillation.kind === "two-class-tokens")
    throw new RangeError('distillation.kind is "two-class-tokens", which needs model.distilled = true');
}

/** Completes and checks; mistakes are told in one line. */
function checked(given: Table, where: string): ReturnType<typeof checkedRecipe> & ReturnType<typeof completed> {
  let table = given;
  try {
    const whole = completed(given);
    table = whole.table;
    const found = checkedRecipe(table);
    checkTogether(found.recipe);
    return { ...whole, ...found };
  } catch (error) {
    const what = error instanceof ZodError ? mistake(error, table) : error instanceof Error ? error.message : String(error);
    throw new RangeError(`recipe ${where}: ${what}`, { cause: error });
  }
}

/**
 * Reads a recipe by its path or bundled name.
 *
 * @throws RangeError telling what is wrong, where, and what would be right
 */
export function readRecipe(nameOrPath: string, { set, seed }: Changes): ReadRecipe {
  const file = recipeTable(nameOrPath);
  const changes = set.map(changeOf);
  const seeded: Table = seed === undefined ? {} : { seed };
  const { recipe, table, leaves, origins } = checked([...changes, seeded].reduce(merged, file), nameOrPath);
  const by = new Map([
    ...origins,
    ...keysIn(file).map((key) => [key, "recipe"] as const),
    ...changes.flatMap((change) => keysIn(change)).map((key) => [key, "--set"] as const),
    ...keysIn(seeded).map((key) => [key, "--seed"] as const),
  ]);
  return {
    recipe,
    values: leaves.map(({ key, value, source }) => ({ key, value, source: by.get(key) ?? source ?? "recipe" })),
    text: `# Every value of this run, defaults included.\n${stringify(table)}`,
  };
}
