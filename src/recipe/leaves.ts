/** The values of a recipe one by one, under dotted keys, each with the source of its default as the schema gives it. */
import { z } from "zod";
import { meaningOf } from "./fields.ts";

/** One value of a recipe. */
export interface Leaf {
  /** Dotted: `training.optimizer.beta1`. */
  readonly key: string;
  /** As TOML has it: a number, text, flag or list; null: not set yet. */
  readonly value: unknown;
  /** Where the default comes from; null: the value has no default. */
  readonly source: string | null;
  /** How to set a value that is missing: `--set data.train=DATA`; null: it is there, or it follows from another one. */
  readonly missing: string | null;
}

/** Whether this is a TOML table rather than a value. */
export const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

export const dotted = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** The tables that a schema describes: one, or one for each kind; none if it describes a value. */
export function tablesOf(schema: unknown): readonly z.ZodObject[] {
  const inner: unknown = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodObject) return [inner];
  if (inner instanceof z.ZodUnion) return inner.options.flatMap(tablesOf);
  return [];
}

/** Every value of a checked recipe, in the schema's order, and what is missing. */
export function leavesOf(schema: unknown, value: unknown, path = ""): readonly Leaf[] {
  const tables = tablesOf(schema);
  if (!isTable(value) || tables.length === 0) {
    const { source = null, howToSet = null } = meaningOf(schema);
    return [{ key: path, value: value ?? null, source, missing: value === undefined ? howToSet : null }];
  }
  const table = tables.find(({ shape }) => !("kind" in shape) || z.safeParse(shape["kind"], value["kind"]).success);
  return Object.entries(table?.shape ?? {})
    .filter(([name, child]) => value[name] !== undefined || tablesOf(child).length === 0)
    .flatMap(([name, child]) => leavesOf(child, value[name], dotted(path, name)));
}

/** Every dotted key that the schema knows. */
export function keysOf(schema: unknown, path = ""): readonly string[] {
  const tables = tablesOf(schema);
  if (tables.length === 0) return [path];
  const keys = tables.flatMap(({ shape }) => Object.entries(shape).flatMap(([name, child]) => keysOf(child, dotted(path, name))));
  return [...new Set(keys)];
}

/** Dotted keys, and the tables around them. */
export const withTables = (keys: readonly string[]): readonly string[] => [
  ...new Set(keys.flatMap((key) => key.split(".").map((_, i, path) => path.slice(0, i + 1).join(".")))),
];
