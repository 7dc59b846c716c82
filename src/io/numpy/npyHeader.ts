/**
 * The header of an npy file (NEP 1): a Python dictionary of three keys, in any order, as text.
 *
 *   bytes 0 … 7   \x93NUMPY, then the version: 1.0, 2.0 or 3.0
 *   length n      u16 in version 1.0, else u32, little-endian
 *   n bytes       {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, spaces, a line end; the file up to here is a multiple of 64 bytes
 */
import type { Shape } from "../../tensor/tensor.ts";
import { quoted, type Refuse } from "../formatError.ts";

/** What a header says. */
export interface NpyHeader {
  /** Byte order and kind of the numbers: `<f4`. */
  readonly descr: string;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  readonly shape: Shape;
  /** The bytes where the values of the keys begin. */
  readonly at: { readonly descr: number; readonly shape: number };
  /** The length of the header, version and all: where the numbers begin. */
  readonly length: number;
}

const MAGIC = [0x93, ...new TextEncoder().encode("NUMPY")];
const VERSION = MAGIC.length;
const LENGTH = VERSION + 2;
/** numpy's own limits. */
const LONGEST = 10_000;
const MOST_AXES = 64;
const ALIGNMENT = 64;
/** numpy leaves room for the first axis to grow to this many digits. */
const GROWTH = 21;

interface Token {
  readonly at: number;
  readonly text: string;
}

const SPACES = /[ \t\r\n]*/y;
const TOKEN = /'[^'\\\n]*'|"[^"\\\n]*"|True|False|\d+|[{}():,]/y;

/** The match that begins at this index. */
function matched(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Splits the text into tokens; the last one is empty, at the end. */
function* tokensOf(text: string, start: number, refuse: Refuse): Generator<Token> {
  const skip = (at: number): number => at + (matched(SPACES, text, at)?.length ?? 0);
  let at = skip(0);
  while (at < text.length) {
    const token = matched(TOKEN, text, at);
    if (token === undefined)
      throw refuse(
        start + at,
        `the header must be a dictionary of texts, True or False, and a tuple of lengths, got ${quoted(text.slice(at))}`,
      );
    yield { at: start + at, text: token };
    at = skip(at + token.length);
  }
  yield { at: start + at, text: "" };
}

/** Reads the dictionary that begins at byte `start`. */
function dictionaryOf(text: string, start: number, refuse: Refuse): Omit<NpyHeader, "length"> {
  const tokens = [...tokensOf(text, start, refuse)];
  let i = 0;
  const next = (): Token => tokens[i++] ?? { at: start + text.length, text: "" };
  const peek = (): string => tokens[i]?.text ?? "";
  const expect = (wanted: string): Token => {
    const token = next();
    if (token.text !== wanted)
      throw refuse(token.at, `the header must have ${wanted === "" ? "nothing more" : wanted} here, got ${quoted(token.text)}`);
    return token;
  };
  const textToken = (what: string): Token => {
    const { at, text } = next();
    if (!/^['"]/.test(text)) throw refuse(at, `${what} must be a text, got ${quoted(text)}`);
    return { at, text: text.slice(1, -1) };
  };
  const lengthToken = (): number => {
    const { at, text } = next();
    if (!/^(?:0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(Number(text)))
      throw refuse(at, `shape must have lengths from 0 to 2^53 − 1, got ${quoted(text)}`);
    return Number(text);
  };
  const tuple = (): Shape => {
    const { at } = expect("(");
    const lengths: number[] = [];
    while (peek() !== ")") {
      lengths.push(lengthToken());
      if (peek() !== ")" || lengths.length === 1) expect(",");
    }
    expect(")");
    if (lengths.length > MOST_AXES) throw refuse(at, `shape may have ${MOST_AXES} axes, it has ${lengths.length}`);
    return Object.freeze(lengths);
  };

  let descr: Token | undefined;
  let fortran: boolean | undefined;
  let shape: { readonly at: number; readonly lengths: Shape } | undefined;
  const brace = expect("{");
  while (peek() !== "}") {
    const { at, text: key } = textToken("a key");
    expect(":");
    if ((key === "descr" && descr) || (key === "shape" && shape) || (key === "fortran_order" && fortran !== undefined))
      throw refuse(at, `the key ${key} occurs twice`);
    if (key === "descr") descr = textToken("descr");
    else if (key === "shape") shape = { at: tokens[i]?.at ?? at, lengths: tuple() };
    else if (key === "fortran_order") {
      const { at, text } = next();
      if (text !== "True" && text !== "False") throw refuse(at, `fortran_order must be True or False, got ${quoted(text)}`);
      fortran = text === "True";
    } else throw refuse(at, `the header may have the keys descr, fortran_order and shape, got ${quoted(key)}`);
    if (peek() !== "}") expect(",");
  }
  expect("}");
  expect("");
  if (descr === undefined || fortran === undefined || shape === undefined)
    throw refuse(brace.at, "the header must have the keys descr, fortran_order and shape");
  return { descr: descr.text, fortran, shape: shape.lengths, at: { descr: descr.at, shape: shape.at } };
}

/** Reads the header at the beginning of a file. */
export function readHeader(bytes: Uint8Array, refuse: Refuse): NpyHeader {
  const wrong = MAGIC.findIndex((byte, i) => bytes[i] !== byte);
  if (wrong >= 0) throw refuse(wrong, "the file must begin with \\x93NUMPY");
  const [major, minor] = [bytes[VERSION], bytes[VERSION + 1]];
  if (major === undefined || minor === undefined) throw refuse(bytes.length, "the file is truncated: its version is missing");
  if (major < 1 || major > 3 || minor !== 0) throw refuse(VERSION, `the version must be 1.0, 2.0 or 3.0, got ${major}.${minor}`);
  const start = LENGTH + (major === 1 ? 2 : 4);
  if (bytes.length < start) throw refuse(bytes.length, "the file is truncated: the length of its header is missing");
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const length = major === 1 ? view.getUint16(LENGTH, true) : view.getUint32(LENGTH, true);
  if (length > LONGEST) throw refuse(LENGTH, `the header may have ${LONGEST} bytes, it claims ${length}`);
  const end = start + length;
  if (bytes.length < end) throw refuse(bytes.length, `the file is truncated: its header ends at byte ${end}`);
  return { ...dictionaryOf(new TextDecoder("latin1").decode(bytes.subarray(start, end)), start, refuse), length: end };
}

/** Writes a header of version 1.0 in C order, as numpy does. */
export function writeHeader(descr: string, shape: Shape): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const room = shape.length === 0 ? 0 : Math.max(0, GROWTH - String(shape[0]).length);
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }${" ".repeat(room)}`;
  const start = LENGTH + 2;
  const end = Math.ceil((start + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(end).fill(" ".charCodeAt(0));
  bytes.set(MAGIC);
  bytes.set([1, 0, (end - start) & 255, (end - start) >> 8], VERSION);
  bytes.set(new TextEncoder().encode(text), start);
  bytes.set([10], end - 1);
  return bytes;
}
