/** The page of a recipe's keys, from the schema of recipe files: what each must be, its default, and where that comes from. */
import { z } from "zod";
import { meaningOf, type Meaning } from "../../../src/recipe/fields.ts";
import { dotted, tablesOf } from "../../../src/recipe/leaves.ts";
import { writtenFile } from "../../../src/recipe/schema/file.ts";
import { code, escaped, joined, table } from "./markdown.ts";

const INTRODUCTION = `A recipe is a TOML file; \`training.lr\` is the key \`lr\` of its table \`[training]\`. A file sets what differs from the
defaults. Where the default is empty, the value follows from others, as its meaning says, or has to be given by the recipe, by one that it extends, by
the name of a published model, or by \`--set\`. \`deit train RECIPE --print-recipe\` lists the values of a recipe, with the source of each, and what is
missing. A key that is not listed here is an error, which names the nearest known one.

Some tables are of one of several kinds, each with keys of its own: where only some kinds have a key, they come first in its meaning. Without \`kind\`, an optimiser is \`adamw\`, but \`sgd\` for a RegNetY; a distillation is
\`none\`; a teacher's model is \`regnety\`. Several teachers are several tables \`[[teacher]]\`. \`deit recipe schema\` prints the keys as a JSON Schema, by
which editors complete and check recipes.`;

/** A key of a table, which may be of several kinds. */
interface Key extends Meaning {
  readonly key: string;
  /** What the program says of a value that is none. */
  readonly mustBe: string;
  /** As TOML has it; empty: there is none. */
  readonly byDefault: string;
  /** The kind of table that has it: `adamw`; empty: any. */
  readonly kind: string;
}

/** Not a value of any key. */
const NOTHING = Symbol("nothing");

/** The rest of the error text "must be …" for a wrong value. */
function expectedBy(schema: z.ZodType): string {
  if (schema instanceof z.ZodRecord) return "a table of texts";
  if (schema instanceof z.ZodLiteral) return JSON.stringify(schema.value);
  const [issue] = z.safeParse(schema, NOTHING).error?.issues ?? [];
  return (issue?.message ?? "").replace("must be ", "");
}

function defaultOf(schema: z.ZodType): string {
  if (!(schema instanceof z.ZodDefault)) return "";
  return JSON.stringify(schema.def.defaultValue);
}

/** What distinguishes a table from the others in its place: its `kind`, or the key that says where a teacher comes from. */
function kindOf({ shape }: z.ZodObject): string {
  if (shape["kind"] instanceof z.ZodLiteral) return String(shape["kind"].value);
  const [[name, child] = ["", null]] = Object.entries(shape);
  const [inner] = tablesOf(child);
  return inner === undefined ? name : kindOf(inner);
}

/** Every key below a table, in the schema's order. */
function keysBelow(schema: unknown, path = "", around = ""): readonly Key[] {
  const all = tablesOf(schema);
  return all.flatMap((one) =>
    Object.entries(one.shape).flatMap(([name, child]) => {
      const key = dotted(path, name);
      const kind = [around, all.length > 1 ? kindOf(one) : ""].filter((part) => part !== "").join(", ");
      if (tablesOf(child).length > 0) return keysBelow(child, key, kind);
      return child instanceof z.ZodType ? [{ key, kind, mustBe: expectedBy(child), byDefault: defaultOf(child), ...meaningOf(child) }] : [];
    }),
  );
}

/** What stands for the value of a key that a file leaves out. */
function unset({ byDefault, howToSet = "" }: Key): string {
  if (byDefault !== "" || howToSet === "") return code(byDefault);
  const [change = "", ...where] = howToSet.replace("--set ", "").split(", ");
  return `none: ${[code(change), ...where.map(escaped)].join(", ")}`;
}

/** The meaning of a key and the source of its default; where only some kinds of its table have it, these come first. */
function meant({ description = "", source = "" }: Key, kinds: readonly string[]): string {
  const of = kinds.map(code).join(", ");
  const what = [of, escaped(description)].filter((part) => part !== "").join(": ");
  return source === "" ? what : `${what} (${escaped(source)})`;
}

/** The table of these keys. What is the same in tables of several kinds is one row. */
function tableOfKeys(keys: readonly Key[]): string {
  const rows = new Map<string, { readonly one: Key; readonly kinds: string[] }>();
  for (const one of keys) {
    const same = JSON.stringify({ ...one, kind: "" });
    const known = rows.get(same) ?? { one, kinds: [] };
    rows.set(same, known);
    if (one.kind !== "") known.kinds.push(one.kind);
  }
  const cells = [...rows.values()].map(({ one, kinds }) => [code(one.key), escaped(one.mustBe), unset(one), meant(one, kinds)]);
  return table(["key", "must be", "default", "meaning (source of the default)"], cells);
}

const tableOf = ({ key }: Key): string => (key.includes(".") ? (key.split(".")[0] ?? "") : "");

/** The whole page. */
export function recipePage(): string {
  const keys = keysBelow(writtenFile);
  const sections = [...new Set(keys.map(tableOf))].flatMap((name) => [
    name === "" ? "## The file itself" : String.raw`## \[${name}\] {#${name}}`,
    tableOfKeys(keys.filter((one) => tableOf(one) === name)),
  ]);
  return joined(["# Recipe keys", INTRODUCTION, ...sections]);
}
