/** Adds what a recipe file leaves out before it is checked: tables and their kinds, and the sizes of the published models that it names. */
import { deitConfig } from "../model/config.ts";
import { regnetConfig } from "../teacher/config.ts";
import { dotted, isTable } from "./leaves.ts";
import type { Table } from "./text.ts";

/** The sizes of a published model under the keys of a recipe, and where they come from. */
interface Published {
  readonly sizesOf: (name: string) => Table;
  readonly source: string;
}

const published: { readonly [path: string]: Published } = {
  model: {
    sizesOf: (name) => {
      const { imageSize: image_size, width, heads, distilled } = deitConfig(name);
      return { image_size, width, heads, distilled };
    },
    source: "deit.md 4.1",
  },
  "teacher.model": {
    sizesOf: (name) => {
      const { widths, depths, groupWidth: group_width } = regnetConfig(name);
      return { widths, depths, group_width };
    },
    source: "deit.md 8.1",
  },
};

/** Tables that a file may leave out. */
const empty: Table = { data: {}, mixing: {} };

/** The kind of a table whose `kind` is left out. */
const defaultKinds: { readonly [path: string]: string } = {
  "training.optimizer": "adamw",
  "teacher.training.optimizer": "sgd",
  distillation: "none",
};

/** The table with the value at a path replaced; unchanged if a table on the path is missing. */
function replaced(table: Table, [key = "", ...rest]: readonly string[], change: (value: unknown) => unknown): Table {
  if (rest.length === 0) return { ...table, [key]: change(table[key]) };
  const inner = table[key];
  return isTable(inner) ? { ...table, [key]: replaced(inner, rest, change) } : table;
}

/** A completed file. */
export interface Completed {
  readonly table: Table;
  /** Where the sizes of published models come from, by key. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Completes the tables of a recipe. @throws RangeError for an unknown model */
export function completed(given: Table): Completed {
  const origins = new Map<string, string>();
  let table: Table = { ...empty, ...given };
  for (const [path, kind] of Object.entries(defaultKinds))
    table = replaced(table, path.split("."), (value) => (value === undefined ? { kind } : isTable(value) ? { kind, ...value } : value));
  for (const [path, { sizesOf, source }] of Object.entries(published))
    table = replaced(table, path.split("."), (value) => {
      if (!isTable(value)) return value;
      const { name, ...others } = value;
      if (name === undefined) return value;
      if (typeof name !== "string") throw new RangeError(`${path}.name must be a text, got ${JSON.stringify(name)}`);
      const sizes = sizesOf(name);
      for (const key of Object.keys(sizes)) origins.set(dotted(path, key), `${source}: sizes of ${name}`);
      return { ...sizes, ...others };
    });
  return { table, origins };
}
