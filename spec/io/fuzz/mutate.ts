/** Mutates files: their bytes, the words of a header, or the fields of a record. */
import type { Dice } from "./dice.ts";

type Bytes = Uint8Array;

const joined = (...parts: readonly Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));

/** Flips a bit; cuts, doubles or fills a range; or inserts bytes. */
export function mutatedBytes(dice: Dice, bytes: Bytes): Bytes {
  const [a, b] = [dice.below(bytes.length + 1), dice.below(bytes.length + 1)];
  const [begin, end] = [Math.min(a, b), Math.min(Math.max(a, b), Math.min(a, b) + dice.pick([1, 2, 8, 64, 1e6]))];
  const [before, range, after] = [bytes.subarray(0, begin), bytes.subarray(begin, end), bytes.subarray(end)];
  switch (dice.below(7)) {
    case 0:
    case 1: {
      const flipped = Uint8Array.from(bytes);
      if (begin < flipped.length) flipped[begin] = (flipped[begin] ?? 0) ^ (1 << dice.below(8));
      return flipped;
    }
    case 2:
      return before; // cut off
    case 3:
      return joined(before, after);
    case 4:
      return joined(before, range, range, after);
    case 5:
      return joined(before, new Uint8Array(range.length).fill(dice.pick([0, 1, 2, 0x7f, 0x80, 0xff, 0x22, 0x5c])), after);
    default:
      return joined(
        before,
        Uint8Array.from({ length: dice.pick([1, 2, 8, 100]) }, () => dice.below(256)),
        after,
      );
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|'[^']*'|\d+|\w+|\s+|./gsu;
const COUNTS = ["0", "1", "2", "3", "8", "255", "65536", "4294967295", "4294967296", "9007199254740991", "9007199254740992"];
const ODD_NUMBERS = ["-1", "-0", "1.5", "1e3", "04", "18446744073709551616", `1${"0".repeat(400)}`, "NaN", "0x10"];
const ODD_TEXTS = [
  "",
  "__proto__",
  "__metadata__",
  "constructor",
  "dtype",
  "shape",
  "\\u0000",
  "\\ud800",
  "\\x",
  "F64",
  "BOOL",
  "<f4",
  "|O",
  "ü",
];
const ODD_MARKS = ["{", "}", "[", "]", "(", ")", ",", ":", "null", "True", "\0", "\\", '"', "'", "\u00a0", " ", "\n", "[".repeat(2000)];

/** A replacement for a word. */
function otherWord(dice: Dice, word: string): string {
  if (/^\d+$/.test(word)) {
    const near = String(Math.max(0, Number(word) + dice.pick([-8, -4, -2, -1, 1, 2, 4, 8])));
    return dice.pick([near, near, near, dice.pick(COUNTS), dice.pick(COUNTS), dice.pick(ODD_NUMBERS)]);
  }
  if (/^["']/.test(word)) return `${word[0]}${dice.pick(ODD_TEXTS)}${word[0]}`;
  return dice.pick(ODD_MARKS);
}

/** Drops, doubles, swaps or replaces words of a header (JSON or Python). */
export function mutatedText(dice: Dice, text: string): string {
  const words = text.match(TOKEN) ?? [""];
  const [i, j] = [dice.below(words.length), dice.below(words.length)];
  const word = words[i] ?? "";
  switch (dice.below(8)) {
    case 0:
      words.splice(i, 1);
      break;
    case 1:
      words.splice(i, 0, word);
      break;
    case 2:
      [words[i], words[j]] = [words[j] ?? "", word];
      break;
    case 3:
      words.splice(j, 0, ...words.slice(i, i + dice.pick([2, 8, 30])));
      break;
    case 4:
      words.splice(i, dice.pick([2, 8, 30]));
      break;
    default:
      words[i] = otherWord(dice, word);
  }
  return words.join("");
}

/** The position of a number in a record and its width in bytes; little-endian. */
export type Field = readonly [at: number, width: 2 | 4 | 8];

function fieldValue(view: DataView, [at, width]: Field): bigint {
  if (width === 8) return view.getBigUint64(at, true);
  return BigInt(width === 4 ? view.getUint32(at, true) : view.getUint16(at, true));
}

/** Changes one field: to 0, all ones, a slightly different value, the file's size, or another field's value. */
export function mutatedField(dice: Dice, bytes: Bytes, fields: readonly Field[]): Bytes {
  const changed = Uint8Array.from(bytes);
  const view = new DataView(changed.buffer);
  const field = dice.pick(fields);
  const [at, width] = field;
  const near = fieldValue(view, field) + BigInt(dice.pick([-8, -1, 1, 8]));
  const value = dice.pick([0n, 1n, 8n, -1n, near, near, near, BigInt(bytes.length), fieldValue(view, dice.pick(fields))]);
  if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
  else if (width === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  return changed;
}

/** Applies one to four random mutations of the list, in which an entry may occur several times to be more likely. */
export function mutated<T>(dice: Dice, value: T, ways: readonly ((dice: Dice, value: T) => T)[]): T {
  let changed = value;
  for (let left = 1 + dice.below(4); left > 0; left--) changed = dice.pick(ways)(dice, changed);
  return changed;
}
