/** The files of a recipe: one may extend another and say only what differs. Each value keeps its source on the way. */
import { basename } from "node:path";
import { dotted, isTable, withTables } from "./leaves.ts";
import { nearest } from "./nearest.ts";
import { byIndex, formOf, keyByIndex, mergedWithTeachers, type TeacherForm } from "./teachers.ts";
import { keysIn, recipeFile, type RecipeFile, type Table } from "./text.ts";

/** A file of a recipe, or changes to it. */
export interface Layer {
  /** With its teachers by index. */
  readonly table: Table;
  /** How its teachers were given. */
  readonly form: TeacherForm;
  /** Where the value of a key comes from. */
  readonly sourceOf: (key: string) => string;
}

/** Layers on top of one another. */
export interface Layered {
  readonly table: Table;
  /** By dotted key. */
  readonly sources: ReadonlyMap<string, string>;
}

/** The source of values of a file that says nothing about it. */
const UNSAID = "recipe";
/** The source of a name that is the file's, where the file says where its values come from. */
const FILE_NAME = "this project: the file's name";

/** Text under a key that only says how the file is to be read. @throws RangeError unless it is a text */
function textAt(table: Table, key: string, where: string): string | null {
  const value = table[key];
  if (value === undefined || typeof value === "string") return value ?? null;
  throw new RangeError(`recipe ${where}: ${key} must be a text, got ${JSON.stringify(value)}`);
}

/** @throws RangeError for a source that is no text, or belongs to no value of the file */
function checkedSources(sources: unknown, keys: readonly string[], form: TeacherForm, where: string): ReadonlyMap<string, string> {
  if (!isTable(sources)) throw new RangeError(`recipe ${where}: sources must be a table, got ${JSON.stringify(sources)}`);
  const found = new Map<string, string>();
  const known = withTables(keys);
  for (const [written, source] of Object.entries(sources)) {
    const entry = dotted("sources", JSON.stringify(written));
    const key = keyByIndex(written, form);
    if (typeof source !== "string")
      throw new RangeError(`recipe ${where}: ${entry} must be a text under a quoted key, as in "training.lr" = "deit.md 7.1"`);
    if (!known.includes(key))
      throw new RangeError(`recipe ${where}: ${entry}: the file does not set ${written}; did you mean ${nearest(key, known, 1).join()}?`);
    found.set(key, source);
  }
  return found;
}

/** The text of the longest key that is this one or a table around it. */
function sourceWithin(sources: ReadonlyMap<string, string>, key: string): string | null {
  const path = key.split(".");
  const around = path.map((_, i) => path.slice(0, path.length - i).join("."));
  return around.map((prefix) => sources.get(prefix)).find((source) => source !== undefined) ?? null;
}

/** The values of a file and their sources; `extended` says whether another file builds on it. */
function layerOf({ table, name, path }: RecipeFile, extended: boolean): Layer {
  const { extends: _, source: __, sources = {}, ...own } = table;
  const [values, form] = [byIndex(own), formOf(own)];
  const said = checkedSources(sources, keysIn(values), form, path);
  const general = textAt(table, "source", path);
  const sourceOf = (key: string): string => sourceWithin(said, key) ?? general ?? (extended ? basename(path) : UNSAID);
  if (extended || "name" in values) return { table: values, form, sourceOf };
  return { table: { name, ...values }, form, sourceOf: (key) => (key === "name" && general !== null ? FILE_NAME : sourceOf(key)) };
}

/**
 * The layers of a recipe, the one at the bottom first.
 *
 * @throws RangeError for a file that is missing, is not TOML or extends itself
 */
export function layersOf(nameOrPath: string): readonly Layer[] {
  const files: RecipeFile[] = [];
  for (let next: string | null = nameOrPath; next !== null;) {
    const file: RecipeFile = recipeFile(next, files.at(-1) ?? null);
    const before = files.map(({ path }) => path);
    files.push(file);
    if (before.includes(file.path))
      throw new RangeError(`recipe ${nameOrPath}: extends itself: ${files.map(({ path }) => basename(path)).join(" → ")}`);
    next = textAt(file.table, "extends", file.path);
  }
  return files.map((file, i) => layerOf(file, i > 0)).toReversed();
}

const nothing: Layered = { table: {}, sources: new Map() };

/**
 * Puts layers on top of one another. Where a layer changes the kind of a table, the sources of its old values go with them.
 *
 * @throws RangeError for a change that does not say which of several teachers it means
 */
export const layered = (layers: readonly Layer[]): Layered =>
  layers.reduce<Layered>(({ table: base, sources }, { table: change, form, sourceOf }) => {
    const table = mergedWithTeachers(base, change, form);
    const own = new Set(keysIn(change));
    const source = (key: string): string => (own.has(key) ? sourceOf(key) : (sources.get(key) ?? UNSAID));
    return { table, sources: new Map(keysIn(table).map((key) => [key, source(key)])) };
  }, nothing);
