/** The text of recipes: TOML files, by path or bundled, and changes to them. What the values mean is not looked at here. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, TomlError } from "smol-toml";
import { dotted, isTable } from "./leaves.ts";
import { nearest } from "./nearest.ts";

/** A TOML table: values and further tables by key. */
export type Table = Readonly<Record<string, unknown>>;

/** The same folder, seen from src/ and from dist/. */
const BUNDLED = fileURLToPath(new URL("../../recipes/", import.meta.url));
const ENDING = ".toml";

/** The path of the bundled recipe of that name. */
export const bundledPath = (name: string): string => `${BUNDLED}${name}${ENDING}`;

/** The names of the recipes that come with this package, sorted; a recipe in a folder is named `ablation/ROW`. */
export function bundledRecipes(): readonly string[] {
  const files = readdirSync(BUNDLED, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(ENDING));
  return files.map((file) => file.slice(0, -ENDING.length).replaceAll(sep, "/")).toSorted();
}

/** Parses a TOML document. @throws RangeError in one line, with the line and column of the mistake */
function tableOf(text: string, where: string): Table {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ""] = error.message.replace("Invalid TOML document: ", "").split("\n");
    throw new RangeError(`${where}: line ${error.line}, column ${error.column}: ${what}`, { cause: error });
  }
}

/** A recipe file that has been read. */
export interface RecipeFile {
  /** The name of the recipe unless the file gives another: that of the bundled recipe, or the file's. */
  readonly name: string;
  /** The absolute path. */
  readonly path: string;
  readonly table: Table;
}

/** The path of a recipe. A path that another file gives is relative to that file. */
function pathOf(nameOrPath: string, from: RecipeFile | null): string {
  if (bundledRecipes().includes(nameOrPath)) return bundledPath(nameOrPath);
  return from === null ? resolve(nameOrPath) : resolve(dirname(from.path), nameOrPath);
}

/**
 * Reads a recipe file.
 *
 * @param from the file that extends it; null: none
 * @throws RangeError if it is neither bundled nor a readable file, or not TOML
 */
export function recipeFile(nameOrPath: string, from: RecipeFile | null): RecipeFile {
  const path = pathOf(nameOrPath, from);
  const where = from === null ? "" : `recipe ${from.path}: extends: `;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const like = nearest(basename(nameOrPath), bundledRecipes(), 1).join();
    throw new RangeError(
      `${where}no recipe ${nameOrPath}: no file of that name can be read; the nearest bundled recipe is ${like}, and deit recipe list shows all`,
      { cause: error },
    );
  }
  const name = path === bundledPath(nameOrPath) ? nameOrPath : basename(nameOrPath, ENDING);
  return { name, path, table: tableOf(text, `recipe ${from === null ? nameOrPath : path}`) };
}

/** A text that TOML would have to quote: `digits:train`, `../photographs.tar`. */
function isBare(value: string): boolean {
  if (/^["'[{]/.test(value)) return false;
  try {
    parse(`key = ${value}`);
    return false;
  } catch {
    return true;
  }
}

/**
 * Parses a change, `key=value`. The value is one of TOML; anything else is a text, so that names and paths need no quotes.
 *
 * @throws RangeError for anything else
 */
export function changeOf(text: string): Table {
  const [, key = "", value = ""] = /^([\w.-]+)=(.+)$/s.exec(text) ?? [];
  if (key === "") throw new RangeError(`--set ${text}: must be key=value, as in training.batch=32`);
  return tableOf(`${key} = ${isBare(value) ? JSON.stringify(value) : value}`, `--set ${text}`);
}

/** Merges a change into a table, key by key. A change of `kind` begins a new table: nothing of the old one remains. */
export function merged(base: Table, change: Table): Table {
  const kept = "kind" in change && change["kind"] !== base["kind"] ? {} : base;
  const entries = Object.entries(change).map(([key, value]): [string, unknown] => {
    const old = kept[key];
    return [key, isTable(value) && isTable(old) ? merged(old, value) : value];
  });
  return { ...kept, ...Object.fromEntries(entries) };
}

/** The dotted keys of all values of a table. */
export function keysIn(table: Table, path = ""): readonly string[] {
  return Object.entries(table).flatMap(([key, value]) => (isTable(value) ? keysIn(value, dotted(path, key)) : [dotted(path, key)]));
}
