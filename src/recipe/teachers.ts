/**
 * One teacher or several. A file has `[teacher]`, or `[[teacher]]` for each; a change names one as `teacher.0.KEY`. While a recipe is read, all of them
 * are tables under `teacher.0`, `teacher.1`, …; whoever reads about a single one sees `teacher.KEY`.
 */
import { isTable } from "./leaves.ts";
import { merged, type Table } from "./text.ts";

/** How a file or a change gives its teachers. */
export type TeacherForm = "none" | "table" | "list" | "by index";

/** The keys that say where a teacher comes from; a teacher has those of one source. */
const sources: { readonly [key: string]: string } = {
  model: "model",
  training: "model",
  run: "run",
  weights: "weights",
  onnx: "onnx",
  recipe: "recipe",
  set: "recipe",
};

/** Where a teacher can come from, for messages. */
export const SOURCES_TEXT = "[teacher.model] with [teacher.training], or run, weights, onnx or recipe";

/** Where a teacher comes from: `model`, `run`, … More than one: the table contradicts itself. */
export const sourcesOf = (teacher: Table): readonly string[] => [
  ...new Set(Object.keys(teacher).flatMap((key) => (key === "set" ? [] : (sources[key] ?? [])))),
];

const INDEX = /^\d+$/;

const isIndexed = (table: Table): boolean => Object.keys(table).length > 0 && Object.keys(table).every((key) => INDEX.test(key));

/** How a table gives its teachers. */
export function formOf({ teacher }: Table): TeacherForm {
  if (teacher === undefined) return "none";
  if (Array.isArray(teacher)) return "list";
  return isTable(teacher) && isIndexed(teacher) ? "by index" : "table";
}

/** The items of a list by their index. */
export const indexed = (items: readonly unknown[]): Table => Object.fromEntries(items.entries());

/** The table with its teachers by index. What is no table stays as it is, and is refused later. */
export function byIndex(table: Table): Table {
  const { teacher } = table;
  const form = formOf(table);
  if (form === "list" && Array.isArray(teacher)) return { ...table, teacher: indexed(teacher) };
  return form === "table" && isTable(teacher) ? { ...table, teacher: { 0: teacher } } : table;
}

/** A key of a table with one teacher, with its index: `teacher.model` → `teacher.0.model`. */
export const keyByIndex = (key: string, form: TeacherForm): string => (form === "table" ? key.replace(/^teacher\./, "teacher.0.") : key);

/** How many teachers a table by index has. */
export const teacherCount = ({ teacher }: Table): number => (isTable(teacher) ? Object.keys(teacher).length : 0);

/** A key as people see it: without the index where there is one teacher. */
export const shownKey = (key: string, count: number): string => (count > 1 ? key : key.replace(/^teacher\.0(?=\.|$)/, "teacher"));

/** A key as the schema has it, which does not know how many teachers there are. */
export const withoutIndex = (key: string): string => key.replace(/^teacher\.\d+(?=\.|$)/, "teacher");

/** The table as TOML writes it: `[teacher]` for one, `[[teacher]]` for several. */
export function written(table: Table): Table {
  const { teacher, ...others } = table;
  if (!isTable(teacher)) return table;
  const [first, ...more] = Object.values(teacher);
  return { ...others, teacher: more.length === 0 ? first : [first, ...more] };
}

/** The kind of network that a table of sizes names; null: it names none. */
function kindOf({ model }: Table): unknown {
  if (!isTable(model)) return null;
  const { kind, name } = model;
  return kind ?? (typeof name === "string" ? modelKind(name) : null);
}

/** The kind of a published model by its name. */
export const modelKind = (name: string): "deit" | "regnety" => (name.startsWith("deit") ? "deit" : "regnety");

/** Whether a change gives a teacher another source, or another kind of network. */
function replaces(change: Table, there: Table): boolean {
  const [before, after] = [sourcesOf(there), sourcesOf(change)];
  if (before.length === 0 || after.length === 0) return false;
  const kind = kindOf(change);
  return before.join() !== after.join() || (kind !== null && kind !== (kindOf(there) ?? "regnety"));
}

/** The teacher that is left where a change names another source: how its images are made, and its head. */
const withoutSource = (teacher: Table): Table => Object.fromEntries(Object.entries(teacher).filter(([key]) => sources[key] === undefined));

/**
 * Merges a change into a table, both with their teachers by index. A list of teachers replaces those of the table; another source of a teacher, or
 * another kind of network, replaces the old one with its training.
 *
 * @throws RangeError if the change does not say which of several teachers it means, or there is none of that index
 */
export function mergedWithTeachers(base: Table, change: Table, form: TeacherForm): Table {
  const { teacher, ...others } = change;
  if (!isTable(teacher)) return merged(base, change);
  const { teacher: there, ...rest } = base;
  if (form === "list" || !isTable(there)) return merged(rest, change);
  const count = teacherCount(base);
  if (form === "table" && count > 1)
    throw new RangeError(`teacher: there are ${count} teachers: teacher.0.KEY … teacher.${count - 1}.KEY say which one is changed`);
  const all = { ...there };
  for (const [index, of] of Object.entries(teacher)) {
    const old = there[index];
    all[index] = isTable(of) && isTable(old) ? merged(replaces(of, old) ? withoutSource(old) : old, of) : of;
  }
  return { ...merged(rest, others), teacher: all };
}

/** @throws RangeError unless the teachers are tables, counted from 0 */
export function checkIndices({ teacher }: Table): void {
  if (teacher === undefined) return;
  if (!isTable(teacher)) throw new RangeError(`teacher must be a table, or a list of tables ([[teacher]]), got ${JSON.stringify(teacher)}`);
  const indices = Object.keys(teacher);
  for (const [i, index] of indices.entries()) {
    if (index !== `${i}`) throw new RangeError(`teacher.${index}: teachers are counted from 0, and there is no teacher.${i}`);
    if (!isTable(teacher[index]))
      throw new RangeError(`${shownKey(`teacher.${i}`, indices.length)} must be a table, got ${JSON.stringify(teacher[index])}`);
  }
}

/** @throws RangeError if the changes of a command give a teacher two sources */
export function checkOneSource(changes: readonly Table[]): void {
  const seen = new Map<string, string>();
  for (const { teacher } of changes.map(byIndex))
    for (const [index, of] of Object.entries(isTable(teacher) ? teacher : {}))
      for (const source of isTable(of) ? sourcesOf(of) : []) {
        const before = seen.get(index) ?? source;
        if (before !== source) throw new RangeError(`--set: a teacher has one source, got ${before} and ${source} for teacher.${index}`);
        seen.set(index, source);
      }
}
