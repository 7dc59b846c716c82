/**
 * JSON (RFC 8259) whose form is known beforehand, read byte by byte: what does not fit is refused where it stands, before anything is made of
 * it. So no nesting is too deep, nothing is read by halves, and a hostile text costs no more than its own length.
 */
import { quoted, type Refuse } from "../formatError.ts";

/** Stands before the next value; each function reads one, or throws what `refuse` makes. `what` begins the errors. */
export interface JsonReader {
  /** The byte where the next value, or whatever is there, begins. */
  readonly place: () => number;
  readonly text: (what: string) => string;
  /** A whole number from 0 to 2⁵³ − 1, written in digits. */
  readonly count: (what: string) => number;
  /** An object. `read` reads the value of the member whose key begins at `place`; no key occurs twice, none is `__proto__`. */
  readonly members: (what: string, read: (key: string, place: number) => void) => void;
  /** A list. `read` reads one item. */
  readonly items: (what: string, read: () => void) => void;
  /** Nothing but spaces follows. */
  readonly end: () => void;
}

/** Half of a pair of surrogates has no bytes in UTF-8. */
export const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, ZERO, NINE] = [code('"'), code("\\"), code("0"), code("9")];
const SPACES = [" ", "\t", "\n", "\r"].map(code);
/** Where a number that is not whole goes on after its first digits. */
const NOT_WHOLE = [".", "e", "E"].map(code);
/** Below it are the control characters. */
const FIRST_PRINTABLE = 0x20;
/** What an error message quotes: a word, a text, or else one character. */
const TOKEN = /^(?:[^\s,:[\]{}"]+|"[^"]*"?|.)/su;
const QUOTED_BYTES = 64;

/** Of a digit; −1: it is none. */
const valueOf = (byte: number | undefined): number => (byte !== undefined && byte >= ZERO && byte <= NINE ? byte - ZERO : -1);

/** @param start where `bytes` begin in the file, for the errors */
export function jsonReader(bytes: Uint8Array, start: number, refuse: Refuse): JsonReader {
  let at = 0;

  const got = (): string => {
    const ahead = new TextDecoder().decode(bytes.subarray(at, at + QUOTED_BYTES));
    return ahead === "" ? "the JSON ends there" : `got ${quoted(TOKEN.exec(ahead)?.[0] ?? ahead)}`;
  };
  const skip = (): void => {
    while (SPACES.includes(bytes[at] ?? 0)) at++;
  };
  const place = (): number => {
    skip();
    return start + at;
  };
  const found = (character: string): boolean => {
    skip();
    const here = bytes[at] === code(character);
    if (here) at++;
    return here;
  };
  const expect = (what: string, character: string): void => {
    if (!found(character)) throw refuse(start + at, `${what}, ${got()}`);
  };

  /** The index after the text that opens at `at`. */
  const endOfText = (what: string): number => {
    let i = at + 1;
    while (bytes[i] !== QUOTE) {
      const byte = bytes[i];
      if (byte === undefined) throw refuse(start + bytes.length, `${what} must end with a quotation mark, the JSON ends there`);
      if (byte < FIRST_PRINTABLE) throw refuse(start + i, `${what} may not have the control character ${byte}`);
      i += byte === BACKSLASH ? 2 : 1;
    }
    return i + 1;
  };
  const text = (what: string): string => {
    skip();
    if (bytes[at] !== QUOTE) throw refuse(start + at, `${what} must be a text, ${got()}`);
    const end = endOfText(what);
    const value = textOf(bytes.subarray(at, end));
    if (typeof value !== "string") throw refuse(start + at, `${what} ${value.wrong}`);
    at = end;
    return value;
  };

  const count = (what: string): number => {
    skip();
    let [end, value] = [at, 0];
    for (let digit = valueOf(bytes[end]); digit >= 0; digit = valueOf(bytes[++end])) value = 10 * value + digit;
    const padded = bytes[at] === ZERO && end > at + 1;
    if (end === at || padded || !Number.isSafeInteger(value) || NOT_WHOLE.includes(bytes[end] ?? 0))
      throw refuse(start + at, `${what} must be a whole number from 0 to 2^53 − 1, ${got()}`);
    at = end;
    return value;
  };

  /** Items up to the closing bracket, a comma between any two. */
  const separated = (what: string, [open, close]: readonly [string, string], item: () => void): void => {
    expect(`${what} must be ${open}…${close}`, open);
    if (found(close)) return;
    do item();
    while (found(","));
    expect(`${what} must go on with a comma or end with ${close}`, close);
  };
  const items: JsonReader["items"] = (what, read) => separated(what, ["[", "]"], read);
  const members: JsonReader["members"] = (what, read) => {
    const keys = new Set<string>();
    separated(what, ["{", "}"], () => {
      const at = place();
      const key = text("a key");
      if (key === "__proto__") throw refuse(at, "__proto__ is not allowed as a key");
      if (keys.has(key)) throw refuse(at, `the key ${quoted(key)} occurs twice in one object`);
      keys.add(key);
      expect("a colon must follow a key", ":");
      read(key, at);
    });
  };

  const end = (): void => {
    skip();
    if (at < bytes.length) throw refuse(start + at, `only spaces may follow, ${got()}`);
  };
  return { place, text, count, members, items, end };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that these bytes, quotation marks included, are the JSON of; else what is wrong with it. */
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
