/** Readers of JSON values: each checks one field, and names the field in its error. */
import { isRecord } from "../../io/strictJson.ts";

/** A file is not a recording, or not a usable one: the message names the field or tensor, and says what it must be. */
export class RecordingError extends Error {
  /** `RecordingError`. */
  override readonly name = "RecordingError";
  constructor(message: string) {
    super(`recording: ${message}`);
  }
}

/** Reads a value as a T. @throws RecordingError unless it is one */
export type Reader<T> = (value: unknown, field: string) => T;

/** How many characters of a wrong value a message shows. */
const SHOWN = 80;

const cut = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

const shown = (value: unknown): string => (value === undefined ? "nothing" : cut(JSON.stringify(value)));

const mustBe = (field: string, expected: string, value: unknown): RecordingError =>
  new RecordingError(`${field} must be ${expected}, got ${shown(value)}`);

const join = (field: string, key: string): string => (field === "" ? key : `${field}.${key}`);

export const text: Reader<string> = (value, field) => {
  if (typeof value !== "string") throw mustBe(field, "a text", value);
  return value;
};

export const flag: Reader<boolean> = (value, field) => {
  if (typeof value !== "boolean") throw mustBe(field, "true or false", value);
  return value;
};

/** A number with a property, which `expected` names. */
export const number =
  (expected: string, holds: (n: number) => boolean): Reader<number> =>
  (value, field) => {
    if (typeof value !== "number" || !holds(value)) throw mustBe(field, expected, value);
    return value;
  };

export const anyNumber: Reader<number> = number("a number", () => true);
export const positive: Reader<number> = number("a number > 0", (n) => n > 0);
export const atLeast0: Reader<number> = number("a number ≥ 0", (n) => n >= 0);
export const below1: Reader<number> = number("in [0, 1)", (n) => n >= 0 && n < 1);
export const count: Reader<number> = number("a positive integer", (n) => Number.isSafeInteger(n) && n > 0);
export const upTo = (most: number): Reader<number> =>
  number(`an integer of 1 … ${most}`, (n) => Number.isSafeInteger(n) && n > 0 && n <= most);
export const word: Reader<number> = number("an integer of 0 … 2^32 - 1", (n) => Number.isSafeInteger(n) && n >= 0 && n < 2 ** 32);

export function oneOf<T extends string>(...choices: readonly T[]): Reader<T> {
  return (value, field) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw mustBe(field, choices.map((choice) => `"${choice}"`).join(" or "), value);
    return found;
  };
}

export const nullOr =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, field) =>
    value === null ? null : read(value, field);

/** At most `most` values. */
export const listOf =
  <T>(read: Reader<T>, most: number): Reader<readonly T[]> =>
  (value, field) => {
    if (!Array.isArray(value) || value.length > most) throw mustBe(field, `a list of at most ${most}`, value);
    return value.map((item, i) => read(item, `${field}[${i}]`));
  };

/** An object with exactly these keys. */
export function record<T>(fields: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T>;
export function record(fields: Readonly<Record<string, Reader<unknown>>>): Reader<unknown> {
  return (value, field) => {
    if (!isRecord(value)) throw mustBe(field || "the recording's JSON", "an object", value);
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined)
      throw new RecordingError(`${join(field, cut(unknown))} is not known here; known are ${Object.keys(fields).join(", ")}`);
    return Object.fromEntries(Object.entries(fields).map(([key, read]) => [key, read(value[key], join(field, key))]));
  };
}

/** An object whose field `tag` names its kind, and so its other fields. */
export function variant<R extends Readonly<Record<string, Reader<unknown>>>>(tag: string, kinds: R): Reader<ReturnType<R[keyof R]>>;
export function variant(tag: string, kinds: Readonly<Record<string, Reader<unknown>>>): Reader<unknown> {
  return (value, field) => {
    if (!isRecord(value)) throw mustBe(field, "an object", value);
    const kind = oneOf(...Object.keys(kinds))(value[tag], join(field, tag));
    return kinds[kind]?.(value, field);
  };
}
