/** The kinds of values that a recipe file holds, each with the error text that says what the value must be. */
import { z } from "zod";

/** A number for which `holds`; `expected` completes the error text "must be …". */
export const number = (expected: string, holds: (n: number) => boolean): z.ZodNumber => {
  const error = `must be ${expected}`;
  return z.number({ error }).refine(holds, { error });
};

export const count: z.ZodNumber = number("a positive integer", (n) => Number.isSafeInteger(n) && n > 0);
export const natural: z.ZodNumber = number("an integer ≥ 0", (n) => Number.isSafeInteger(n) && n >= 0);
export const positive: z.ZodNumber = number("a number > 0", (n) => n > 0);
export const atLeast0: z.ZodNumber = number("a number ≥ 0", (n) => n >= 0);
export const below1: z.ZodNumber = number("a number in [0, 1)", (n) => n >= 0 && n < 1);
export const share: z.ZodNumber = number("a number in [0, 1]", (n) => n >= 0 && n <= 1);
export const text: z.ZodString = z.string({ error: "must be a text" });
export const flag: z.ZodBoolean = z.boolean({ error: "must be true or false" });
export const oneOf = <const T extends readonly [string, ...string[]]>(...choices: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(choices, { error: `must be ${choices.map((choice) => `"${choice}"`).join(" or ")}` });
export const listOf = (item: z.ZodNumber): z.ZodArray<z.ZodNumber> =>
  z.array(item, { error: "must be a list of numbers" }).min(1, { error: "must not be empty" });
/** A number or the text "none", since TOML has no null. */
export function orNone(expected: string, holds: (n: number) => boolean): z.ZodUnion<readonly [z.ZodLiteral<"none">, z.ZodNumber]> {
  const either = `${expected} or "none"`;
  return z.union([z.literal("none"), number(either, holds)], { error: `must be ${either}` });
}
/** A table with these keys and no others. */
export const tableOf = <T extends z.ZodRawShape>(fields: T): z.ZodObject<T, z.core.$strict> =>
  z.strictObject(fields, { error: "must be a table" });
