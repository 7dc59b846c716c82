/** The recipe of a run that is there, and what it has otherwise than the one that is asked for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../processes/commandLine.ts";
import { readRecipe, type ReadRecipe, type SourcedValue } from "../../recipe/recipe.ts";

const RECIPE = "recipe.toml";

export const recipePath = (directory: string): string => join(directory, RECIPE);

/** @throws RangeError where there is none, or it is damaged */
export function recipeOfRun(directory: string, instead: string): ReadRecipe {
  const path = recipePath(directory);
  if (!existsSync(path)) throw new RangeError(`no run to resume in ${directory}: it has no ${RECIPE}; ${instead}`);
  return readRecipe(path);
}

/** A value of a recipe; undefined: the recipe has no such key. */
export interface Difference {
  readonly key: string;
  readonly there: unknown;
  readonly asked: unknown;
}

/** The name of a recipe, which changes nothing of what is trained. */
const NAME = "name";

/** Key by key, in the order of the asked recipe, then what only the run has. */
export function differences(there: readonly SourcedValue[], asked: readonly SourcedValue[]): readonly Difference[] {
  const valueIn = (values: readonly SourcedValue[], key: string): unknown => values.find((other) => other.key === key)?.value;
  const keys = new Set([...asked, ...there].map(({ key }) => key).filter((key) => key !== NAME));
  return [...keys]
    .map((key) => ({ key, there: valueIn(there, key), asked: valueIn(asked, key) }))
    .filter((one) => JSON.stringify(one.there) !== JSON.stringify(one.asked));
}

/** Differences that are written out; of more, how many. */
const MOST = 6;

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** `the run in runs/a has training.batch = 4, not 2` */
export function differencesText(directory: string, found: readonly Difference[]): string {
  const said = found.slice(0, MOST).map(({ key, there, asked }) => `${key} = ${shown(there)}, not ${shown(asked)}`);
  const more = found.length > MOST ? [`${found.length - MOST} other values`] : [];
  return `the run in ${directory} has ${[...said, ...more].join("; ")}`;
}

/** The changes that make the asked recipe that of the run. */
export const changesTo = (found: readonly Difference[]): string =>
  found
    .filter(({ there }) => there !== undefined)
    .map(({ key, there }) => `--set ${shellWord(`${key}=${JSON.stringify(there)}`)}`)
    .join(" ");
