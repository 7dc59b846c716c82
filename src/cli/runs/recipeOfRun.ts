/** The recipe of an existing run, and how it differs from the recipe that a command asks for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../processes/commandLine.ts";
import { readRecipe, type ReadRecipe, type SourcedValue } from "../../recipe/recipe.ts";

const RECIPE = "recipe.toml";

export const recipePath = (directory: string): string => join(directory, RECIPE);

/** Reads it. @throws RangeError if there is none, or it is damaged */
export function recipeOfRun(directory: string, instead: string): ReadRecipe {
  const path = recipePath(directory);
  if (!existsSync(path)) throw new RangeError(`no run to resume in ${directory}: it has no ${RECIPE}; ${instead}`);
  return readRecipe(path);
}

/** A value that differs; undefined: that recipe has no such key. */
export interface Difference {
  readonly key: string;
  readonly there: unknown;
  readonly asked: unknown;
}

/** The key of a recipe's name, which has no influence on the training. */
const NAME = "name";

/** The differences, in the order of the asked recipe, then those of keys that only the run has. */
export function differences(there: readonly SourcedValue[], asked: readonly SourcedValue[]): readonly Difference[] {
  const valueIn = (values: readonly SourcedValue[], key: string): unknown => values.find((other) => other.key === key)?.value;
  const keys = new Set([...asked, ...there].map(({ key }) => key).filter((key) => key !== NAME));
  return [...keys]
    .map((key) => ({ key, there: valueIn(there, key), asked: valueIn(asked, key) }))
    .filter((one) => JSON.stringify(one.there) !== JSON.stringify(one.asked));
}

/** The most differences that are written out. */
const MOST = 6;

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** `the run in runs/a has training.batch = 4, not 2` */
export function differencesText(directory: string, found: readonly Difference[]): string {
  const written = found.slice(0, MOST).map(({ key, there, asked }) => `${key} = ${shown(there)}, not ${shown(asked)}`);
  const more = found.length > MOST ? [`${found.length - MOST} other values`] : [];
  return `the run in ${directory} has ${[...written, ...more].join("; ")}`;
}

/** The changes that turn the asked recipe into the run's. */
export const changesTo = (found: readonly Difference[]): string =>
  found
    .filter(({ there }) => there !== undefined)
    .map(({ key, there }) => `--set ${shellWord(`${key}=${JSON.stringify(there)}`)}`)
    .join(" ");
