/** Adds what a recipe file leaves out before it is checked: tables and their kinds, and the sizes of the published models that it names. */
import { deitConfig } from "../model/config.ts";
import { regnetConfig } from "../teacher/config.ts";
import { dotted, isTable } from "./leaves.ts";
import { modelKind } from "./teachers.ts";
import type { Table } from "./text.ts";

/** The sizes of a published model under the keys of a recipe, and where they come from. */
interface Published {
  readonly sizesOf: (name: string) => Table;
  readonly source: string;
}

const student: Published = {
  sizesOf: (name) => {
    const { imageSize: image_size, width, heads, distilled } = deitConfig(name);
    return { image_size, width, heads, distilled };
  },
  source: "deit.md 4.1",
};

/** A published model as a teacher, a DeiT or a RegNetY. @throws RangeError for another name */
function teacherSizes(name: string): Table {
  if (modelKind(name) === "deit") {
    const { width, heads, distilled } = deitConfig(name);
    return { kind: "deit", width, heads, distilled };
  }
  const { widths, depths, groupWidth: group_width } = regnetConfig(name);
  return { kind: "regnety", widths, depths, group_width };
}

const teacher: Published = { sizesOf: teacherSizes, source: "deit.md 4.1, 8.1" };

/** Tables that a file may leave out. */
const empty: Table = { data: {}, mixing: {} };

/** A completed file. */
export interface Completed {
  readonly table: Table;
  /** Where the sizes of published models come from, by key. */
  readonly origins: ReadonlyMap<string, string>;
}

/** The table with the value at a key replaced. */
const replaced = (table: Table, key: string, change: (value: unknown) => unknown): Table => ({ ...table, [key]: change(table[key]) });

/** A table with its kind; what is no table is left as it is. */
const withKind = (value: unknown, kind: string): unknown => (value === undefined ? { kind } : isTable(value) ? { kind, ...value } : value);

/** A table of sizes with those of the published model that it names. @throws RangeError for an unknown model */
function withSizes(value: unknown, path: string, { sizesOf, source }: Published, origins: Map<string, string>): unknown {
  if (!isTable(value)) return value;
  const { name, ...others } = value;
  if (name === undefined) return value;
  if (typeof name !== "string") throw new RangeError(`${path}.name must be a text, got ${JSON.stringify(name)}`);
  const sizes = sizesOf(name);
  for (const key of Object.keys(sizes)) origins.set(dotted(path, key), `${source}: sizes of ${name}`);
  return { ...sizes, ...others };
}

const optimizerOf = (training: unknown, kind: string): unknown =>
  isTable(training) ? replaced(training, "optimizer", (value) => withKind(value, kind)) : training;

/** A teacher's table with the kind of its model, and with the kind of its optimiser: SGD for a RegNetY, AdamW for a DeiT. */
function completedTeacher(given: unknown, path: string, origins: Map<string, string>): unknown {
  if (!isTable(given) || !isTable(given["model"])) return given;
  const model = withKind(withSizes(given["model"], dotted(path, "model"), teacher, origins), "regnety");
  const isDeit = isTable(model) && model["kind"] === "deit";
  return { ...given, model, ...("training" in given ? { training: optimizerOf(given["training"], isDeit ? "adamw" : "sgd") } : {}) };
}

/** Completes the tables of a recipe, whose teachers are given by index. @throws RangeError for an unknown model */
export function completed(given: Table): Completed {
  const origins = new Map<string, string>();
  const table = { ...empty, ...given };
  const { teacher: teachers } = table;
  const each = isTable(teachers)
    ? { teacher: Object.fromEntries(Object.entries(teachers).map(([i, one]) => [i, completedTeacher(one, `teacher.${i}`, origins)])) }
    : {};
  return {
    origins,
    table: {
      ...table,
      ...(table["training"] === undefined ? {} : { training: optimizerOf(table["training"], "adamw") }),
      distillation: withKind(table["distillation"], "none"),
      ...(table["model"] === undefined ? {} : { model: withSizes(table["model"], "model", student, origins) }),
      ...each,
    },
  };
}
