/** The text of recipes: TOML files, by path or bundled, and changes to them. What the values mean is not looked at here. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, TomlError } from "smol-toml";
import { dotted, isTable } from "./leaves.ts";

/** A TOML table: values and further tables by key. */
export type Table = Readonly<Record<string, unknown>>;

/** The same folder, seen from src/ and from dist/. */
const BUNDLED = fileURLToPath(new URL("../../recipes/", import.meta.url));
const ENDING = ".toml";

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

/**
 * The tables of a recipe file. Its `name` defaults to the file's name.
 *
 * @throws RangeError if it is neither bundled nor a readable file, or not TOML
 */
export function recipeTable(nameOrPath: string): Table {
  const bundled = bundledRecipes();
  const path = bundled.includes(nameOrPath) ? `${BUNDLED}${nameOrPath}${ENDING}` : nameOrPath;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new RangeError(`no recipe ${nameOrPath}: no file of that name can be read; bundled recipes: ${bundled.join(", ")}`, {
      cause: error,
    });
  }
  return { name: basename(nameOrPath, ENDING), ...tableOf(text, `recipe ${nameOrPath}`) };
}

/**
 * Parses a change, `key=value`. The value is one of TOML; a bare word is a text.
 *
 * @throws RangeError for anything else
 */
export function changeOf(text: string): Table {
  const [, key = "", value = ""] = /^([\w.-]+)=(.+)$/s.exec(text) ?? [];
  if (key === "") throw new RangeError(`--set ${text}: must be key=value, as in training.batch=32`);
  const bare = /^[a-z][\w:*/-]*$/i.test(value) && !/^(true|false|inf|nan)$/.test(value);
  return tableOf(`${key} = ${bare ? JSON.stringify(value) : value}`, `--set ${text}`);
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
