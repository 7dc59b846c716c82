/**
 * JSON (RFC 8259) whose structure is known beforehand, read byte by byte: what does not fit is refused where it occurs, before anything is
 * made of it. So no nesting is too deep, no value is skipped, and a hostile text costs no more than its own length.
 */
import { quoted, type Refuse } from "../formatError.ts";

/** A position before the next value. Each function reads one value, or throws what `refuse` makes; `what` begins the error. */
export interface JsonReader {
  /** The byte where the next value begins. */
  readonly place: () => number;
  readonly text: (what: string) => string;
  /** A whole number from 0 to 2⁵³ − 1, written in digits. */
  readonly count: (what: string) => number;
  /** An object. `read` reads the value of the member whose key begins at `place`; no key occurs twice, none is `__proto__`. */
  readonly members: (what: string, read: (key: string, place: number) => void) => void;
  /** A list. `read` reads one item. */
  readonly items: (what: string, read: () => void) => void;
  /** Checks that only white space follows. */
  readonly end: () => void;
}

/** Whether a text has a UTF-8 encoding: half of a surrogate pair has none. */
export const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, ZERO, NINE] = [code('"'), code("\\"), code("0"), code("9")];
const SPACES = [" ", "\t", "\n", "\r"].map(code);
/** What follows the digits of a number that is not whole. */
const NOT_WHOLE = [".", "e", "E"].map(code);
/** The codes below it are control characters. */
const FIRST_PRINTABLE = 0x20;
/** What an error message quotes: a word, a text, or else one character. */
const TOKEN = /^(?:[^\s,:[\]{}"]+|"[^"]*"?|.)/su;
const QUOTED_BYTES = 64;

/** The value of a digit; −1: the byte is not a digit. */
const digitOf = (byte: number | undefined): number => (byte !== undefined && byte >= ZERO && byte <= NINE ? byte - ZERO : -1);

/** Bytes with a position, which the functions below move on. */
interface Cursor {
  readonly bytes: Uint8Array;
  /** Where `bytes` begin in the file, for the errors. */
  readonly start: number;
  readonly refuse: Refuse;
  at: number;
}

/** The error that the value at the position is not what it must be. */
function unexpected({ bytes, start, refuse, at }: Cursor, rule: string): Error {
  const ahead = new TextDecoder().decode(bytes.subarray(at, at + QUOTED_BYTES));
  return refuse(start + at, `${rule}, ${ahead === "" ? "the JSON ends there" : `got ${quoted(TOKEN.exec(ahead)?.[0] ?? ahead)}`}`);
}

function skipSpaces(c: Cursor): void {
  while (SPACES.includes(c.bytes[c.at] ?? 0)) c.at++;
}

/** Skips a character, if it comes next. */
function skipped(c: Cursor, character: string): boolean {
  skipSpaces(c);
  const here = c.bytes[c.at] === code(character);
  if (here) c.at++;
  return here;
}

function expect(c: Cursor, rule: string, character: string): void {
  if (!skipped(c, character)) throw unexpected(c, rule);
}

/** The index after the text that begins at the position. */
function endOfText({ bytes, start, refuse, at }: Cursor, what: string): number {
  let i = at + 1;
  while (bytes[i] !== QUOTE) {
    const byte = bytes[i];
    if (byte === undefined) throw refuse(start + bytes.length, `${what} must end with a quotation mark, the JSON ends there`);
    if (byte < FIRST_PRINTABLE) throw refuse(start + i, `${what} may not have the control character ${byte}`);
    i += byte === BACKSLASH ? 2 : 1;
  }
  return i + 1;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text whose JSON these bytes are, quotation marks included; else what is wrong with it. */
function textOf(bytes: Uint8Array): string | { readonly wrong: string } {
  let json: string;
  try {
    json = utf8.decode(bytes);
  } catch {
    return { wrong: "must be UTF-8" };
  }
  if (!json.includes("\\")) return json.slice(1, -1);
  try {
    const value = String(JSON.parse(json));
    return isUnicode(value) ? value : { wrong: "must be Unicode: it has half of a pair of surrogates" };
  } catch {
    return { wrong: `has an escape that JSON has not: ${quoted(json)}` };
  }
}

function readText(c: Cursor, what: string): string {
  skipSpaces(c);
  if (c.bytes[c.at] !== QUOTE) throw unexpected(c, `${what} must be a text`);
  const end = endOfText(c, what);
  const value = textOf(c.bytes.subarray(c.at, end));
  if (typeof value !== "string") throw c.refuse(c.start + c.at, `${what} ${value.wrong}`);
  c.at = end;
  return value;
}

function readCount(c: Cursor, what: string): number {
  skipSpaces(c);
  const { bytes, at } = c;
  let [end, value] = [at, 0];
  for (let digit = digitOf(bytes[end]); digit >= 0; digit = digitOf(bytes[++end])) value = 10 * value + digit;
  const padded = bytes[at] === ZERO && end > at + 1;
  if (end === at || padded || !Number.isSafeInteger(value) || NOT_WHOLE.includes(bytes[end] ?? 0))
    throw unexpected(c, `${what} must be a whole number from 0 to 2^53 − 1`);
  c.at = end;
  return value;
}

/** Reads items up to the closing bracket, with a comma between any two. */
function readSeparated(c: Cursor, what: string, [open, close]: readonly [string, string], readItem: () => void): void {
  expect(c, `${what} must be ${open}…${close}`, open);
  if (skipped(c, close)) return;
  do readItem();
  while (skipped(c, ","));
  expect(c, `${what} must go on with a comma or end with ${close}`, close);
}

function readMembers(c: Cursor, what: string, read: (key: string, place: number) => void): void {
  const keys = new Set<string>();
  readSeparated(c, what, ["{", "}"], () => {
    skipSpaces(c);
    const place = c.start + c.at;
    const key = readText(c, "a key");
    if (key === "__proto__") throw c.refuse(place, "__proto__ is not allowed as a key");
    if (keys.has(key)) throw c.refuse(place, `the key ${quoted(key)} occurs twice in one object`);
    keys.add(key);
    expect(c, "a colon must follow a key", ":");
    read(key, place);
  });
}

/** @param start where `bytes` begin in the file, for the errors */
export function jsonReader(bytes: Uint8Array, start: number, refuse: Refuse): JsonReader {
  const c: Cursor = { bytes, start, refuse, at: 0 };
  return {
    place: () => {
      skipSpaces(c);
      return start + c.at;
    },
    text: (what) => readText(c, what),
    count: (what) => readCount(c, what),
    members: (what, read) => readMembers(c, what, read),
    items: (what, read) => readSeparated(c, what, ["[", "]"], read),
    end: () => {
      skipSpaces(c);
      if (c.at < bytes.length) throw unexpected(c, "only spaces may follow");
    },
  };
}
