/** The kinds of values that a recipe file holds, each with the error text that says what the value must be; and keys, which describe their values. */
import { z } from "zod";

/** What a number must fulfil. Editors show these limits, since they become part of the JSON Schema. */
interface Limits {
  readonly integer?: true;
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** A number within limits; `expected` completes the error text "must be …". */
export function number(expected: string, { integer, least, above, most, below }: Limits = {}): z.ZodNumber {
  const error = `must be ${expected}`;
  let type = z.number({ error });
  if (integer === true) type = type.int({ error });
  if (least !== undefined) type = type.gte(least, { error });
  if (above !== undefined) type = type.gt(above, { error });
  if (most !== undefined) type = type.lte(most, { error });
  return below === undefined ? type : type.lt(below, { error });
}

export const count: z.ZodNumber = number("a positive integer", { integer: true, least: 1 });
export const natural: z.ZodNumber = number("an integer ≥ 0", { integer: true, least: 0 });
export const positive: z.ZodNumber = number("a number > 0", { above: 0 });
export const atLeast0: z.ZodNumber = number("a number ≥ 0", { least: 0 });
export const below1: z.ZodNumber = number("a number in [0, 1)", { least: 0, below: 1 });
export const share: z.ZodNumber = number("a number in [0, 1]", { least: 0, most: 1 });
export const text: z.ZodString = z.string({ error: "must be a text" });
export const flag: z.ZodBoolean = z.boolean({ error: "must be true or false" });
export const oneOf = <const T extends readonly [string, ...string[]]>(...choices: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(choices, { error: `must be ${choices.map((choice) => `"${choice}"`).join(" or ")}` });
export const listOf = (item: z.ZodNumber): z.ZodArray<z.ZodNumber> =>
  z.array(item, { error: "must be a list of numbers" }).min(1, { error: "must not be empty" });
/** [least, largest] of a range. */
export function rangeOf(item: z.ZodNumber): z.ZodTuple<[z.ZodNumber, z.ZodNumber], null> {
  const error = "must be [least, largest]";
  return z.tuple([item, item], { error }).refine(([least, largest]) => least <= largest, { error });
}
/** A number or a word, since TOML has no null. */
export function orWord<const W extends string>(
  word: W,
  expected: string,
  limits: Limits,
): z.ZodUnion<readonly [z.ZodLiteral<W>, z.ZodNumber]> {
  const either = `${expected} or "${word}"`;
  return z.union([z.literal(word), number(either, limits)], { error: `must be ${either}` });
}
/** A table with these keys and no others. */
export const tableOf = <T extends z.ZodRawShape>(fields: T): z.ZodObject<T, z.core.$strict> =>
  z.strictObject(fields, { error: "must be a table" });

/** What is known about a key besides the type of its value. */
export interface Meaning {
  /** For editors. */
  readonly description?: string;
  /** Where the default comes from. */
  readonly source?: string;
  /** How to set a value that has no default: `--set data.train=DATA`. */
  readonly howToSet?: string;
}

/** A key with a default. */
export const given = <T extends z.ZodType>(
  type: T,
  value: z.core.util.NoUndefined<z.output<T>>,
  source: string,
  description: string,
): z.ZodDefault<T> => type.default(value).meta({ source, description } satisfies Meaning);

/** A key whose default follows from other values. */
export const computed = <T extends z.ZodType>(type: T, source: string, description: string): z.ZodOptional<T> =>
  type.optional().meta({ source, description } satisfies Meaning);

/** A key that a recipe file may leave out, although the run needs it. */
export const required = <T extends z.ZodType>(type: T, how: string, description: string): z.ZodOptional<T> =>
  type.optional().meta({ howToSet: how, description } satisfies Meaning);

/** What is known about a key. */
export function meaningOf(schema: unknown): Meaning {
  const known = schema instanceof z.ZodType ? (schema.meta() ?? {}) : {};
  const textAt = (key: keyof Meaning): Meaning => {
    const value = known[key];
    return typeof value === "string" ? { [key]: value } : {};
  };
  return { ...textAt("description"), ...textAt("source"), ...textAt("howToSet") };
}
