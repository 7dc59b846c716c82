/** Mutated files of torch.save, in both forms, are read correctly or refused; nothing else happens, and no more memory is taken than allowed. */
import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { parsePth } from "../../../src/io/pth/pth.ts";
import { isA, type PthTensor, type Value } from "../../../src/io/pth/values.ts";
import { bytesOf } from "../../helpers/fixtures.ts";
import { archive, call, dict, global, int, long, opcodesOf, pickle, storage, tensor, text, tuple } from "../pth/pickles.ts";
import type { Dice } from "./dice.ts";
import { mutated, mutatedBytes } from "./mutate.ts";
import { CASES, MINUTES_10, outcomesOf } from "./outcomes.ts";

type Bytes = Uint8Array;

/** A file of torch.save, split into its pickle and the rest. */
interface Parts {
  readonly pickle: Bytes;
  /** Makes a file of a pickle and the rest. */
  readonly file: (pickle: Bytes) => Bytes;
}

function zipParts(name: string): Parts {
  const { [`${name}/data.pkl`]: pickle = new Uint8Array(0), ...others } = unzipSync(bytesOf(`names/${name}.pth`));
  const members = Object.fromEntries(Object.entries(others).map(([member, bytes]) => [member, [...bytes]]));
  return { pickle, file: (changed) => archive([...changed], members, `${name}/data.pkl`) };
}

/** The parts of a file of the legacy form, in which the fourth pickle holds the value. */
function legacyParts(name: string): Parts {
  const whole = bytesOf(`names/${name}.legacy.pth`);
  let begin = 0;
  const opcodes = opcodesOf(whole);
  const ends: number[] = [];
  for (const opcode of opcodes) {
    begin += opcode.length;
    if (opcode.length === 1 && opcode[0] === ".".charCodeAt(0)) ends.push(begin);
    if (ends.length === 4) break;
  }
  const [, , from = 0, to = 0] = ends;
  const join = (...parts: readonly Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));
  return { pickle: whole.subarray(from, to), file: (changed) => join(whole.subarray(0, from), changed, whole.subarray(to)) };
}

const sources = { zip: zipParts("odd_tensors"), legacy: legacyParts("odd_tensors") };

/** Opcodes and sequences of opcodes that a mutation inserts. */
const PIECES: readonly Bytes[] = [
  ...Array.from(".()]}NRQbestua012", (letter) => [letter.charCodeAt(0)]),
  ...[0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x93, 0x94, 0x97].map((opcode) => [opcode]),
  ...[0, 1, 7, 255].flatMap((i) => [
    [0x71, i],
    [0x68, i],
  ]),
  ...[0, 1, -1, 2 ** 31 - 1, -(2 ** 31)].map(int),
  ...[2n ** 53n, 2n ** 62n, -1n].map((value) => long(value)),
  text(""),
  text("x"),
  text("__proto__"),
  ["X".charCodeAt(0), 255, 255, 255, 255],
  [0x8d, 255, 255, 255, 255, 255, 255, 255, 127],
  global("os", "system"),
  global("torch", "FloatStorage"),
  global("torch", "LongStorage"),
  global("argparse", "Namespace"),
  call("collections", "OrderedDict"),
  storage(),
  tensor(),
  dict(),
  tuple(int(3), int(0)),
  pickle(int(1)),
].map((bytes) => Uint8Array.from(bytes));

/** Drops, doubles, swaps or replaces an opcode of a pickle, or repeats or drops a sequence of opcodes. */
function mutatedOpcodes(dice: Dice, bytes: Bytes): Bytes {
  const opcodes = [...opcodesOf(bytes)];
  const [i, j] = [dice.below(opcodes.length), dice.below(opcodes.length)];
  const opcode = opcodes[i] ?? new Uint8Array(0);
  switch (dice.below(7)) {
    case 0:
      opcodes.splice(i, 1);
      break;
    case 1:
      opcodes.splice(i, 0, opcode);
      break;
    case 2:
      [opcodes[i], opcodes[j]] = [opcodes[j] ?? opcode, opcode];
      break;
    case 3:
      opcodes.splice(j, 0, ...opcodes.slice(i, i + dice.pick([2, 8, 30])));
      break;
    case 4:
      opcodes.splice(i, dice.pick([2, 8, 30]));
      break;
    case 5:
      opcodes.splice(i, 0, dice.pick(PIECES));
      break;
    default:
      opcodes[i] = dice.pick(PIECES);
  }
  return new Uint8Array(Buffer.concat(opcodes));
}

/** Changes a byte of an opcode's argument: an index, a number, a length. */
function mutatedArgument(dice: Dice, bytes: Bytes): Bytes {
  const opcodes = opcodesOf(bytes).map((opcode) => Uint8Array.from(opcode));
  const opcode = dice.pick(opcodes.filter(({ length }) => length > 1));
  opcode[1 + dice.below(opcode.length - 1)] = dice.pick([0, 1, 2, 3, 4, 24, 127, 128, 255]);
  return new Uint8Array(Buffer.concat(opcodes));
}

/** Every tensor in the saved dictionary. */
function tensorsIn(value: Value): ReadonlyMap<string, PthTensor> {
  const entries = isA(value, "dict") ? [...value.entries] : [];
  return new Map(entries.flatMap(([, tensor], i) => (isA(tensor, "tensor") ? [[String(i), tensor] as const] : [])));
}

const ALLOWED = (file: Bytes): number => 8 * file.length + 2 ** 24;

/** Reads a file, and checks that all tensors together take no more bytes than allowed. */
function check(file: Bytes): void {
  const { value, numbersOf } = parsePth(file);
  const tensors = numbersOf(tensorsIn(value));
  const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  expect(bytes).toBeLessThanOrEqual(ALLOWED(file));
}

const ways = [mutatedOpcodes, mutatedOpcodes, mutatedArgument, mutatedArgument, mutatedBytes];

it.each(["zip", "legacy"] as const)("a mutated pickle in the %s form is read correctly or refused", { timeout: MINUTES_10 }, (form) => {
  const { pickle, file } = sources[form];
  const { right, refused } = outcomesOf(`pth ${form}`, (dice) => file(mutated(dice, pickle, ways)), check, CASES / 4);
  expect(right).toBeGreaterThan(20);
  expect(refused.size).toBeGreaterThan(25);
});

it.each(["odd_tensors.pth", "odd_tensors.legacy.pth"])(
  "%s with mutated bytes is read correctly or refused",
  { timeout: MINUTES_10 },
  (name) => {
    const { right, refused } = outcomesOf(name, (dice) => mutated(dice, bytesOf(`names/${name}`), [mutatedBytes]), check, CASES / 4);
    expect(right).toBeGreaterThan(0);
    expect(refused.size).toBeGreaterThan(10);
  },
);

it("the files before mutation are valid", () => {
  for (const { pickle, file } of Object.values(sources)) {
    expect(new Uint8Array(Buffer.concat(opcodesOf(pickle)))).toEqual(new Uint8Array(pickle));
    expect(tensorsIn(parsePth(file(pickle)).value).size).toBe(14);
  }
});
