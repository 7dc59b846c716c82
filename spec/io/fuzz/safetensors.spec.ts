/** Mutated files of safetensors are read correctly or refused; nothing else happens, and no byte is read twice. */
import { expect, it } from "vitest";
import { memoryBytes, type ByteSource } from "../../../src/io/disk/byteSource.ts";
import { parseSafetensors, readSafetensors, writeSafetensors } from "../../../src/io/safetensors/safetensors.ts";
import { isRecord } from "../../../src/io/strictJson.ts";
import { bytesOf } from "../../helpers/fixtures.ts";
import type { Dice } from "./dice.ts";
import { mutated, mutatedBytes, mutatedField, mutatedText } from "./mutate.ts";
import { MINUTES_10, outcomesOf } from "./outcomes.ts";
import { fileOf } from "../safetensorsFiles.ts";

/** The header and the data of a file. */
interface Parts {
  readonly header: string;
  readonly data: Uint8Array;
}

function partsOf(file: Uint8Array): Parts {
  const start = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return { header: new TextDecoder().decode(file.subarray(8, start)), data: file.subarray(start) };
}

const F32 = Float32Array.of(1, 2, 3);
const seeds: readonly Parts[] = [
  bytesOf("safetensors/every.safetensors"),
  writeSafetensors(new Map()),
  writeSafetensors(new Map([["x", { dtype: "F32", shape: [3], data: F32 }]]), new Map([["k", "v"]])),
  writeSafetensors(
    new Map([
      ["a", { dtype: "BOOL", shape: [3], data: Uint8Array.of(0, 1, 1) }],
      ["b", { dtype: "F32", shape: [3, 1], data: F32 }],
      ["c", { dtype: "I64", shape: [0], data: new BigInt64Array(0) }],
    ]),
  ),
].map(partsOf);

/** A tensor's entry in a valid header. */
interface Line {
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const isLine = (value: unknown): value is Line => isRecord(value) && Array.isArray(value["shape"]) && Array.isArray(value["data_offsets"]);

/** The members of a header; none if its JSON is invalid. */
function membersOf(header: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(header);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** Moves, enlarges, replaces, duplicates or removes a tensor. */
function inLines(dice: Dice, { header, data }: Parts): Parts {
  const members = membersOf(header);
  const lines = Object.entries(members).filter((member): member is [string, Line] => isLine(member[1]));
  if (lines.length === 0) return { header, data };
  const [[name, line], [, other]] = [dice.pick(lines), dice.pick(lines)];
  const {
    data_offsets: [begin, end],
    shape,
  } = line;
  const by = dice.pick([-8, -4, -1, 1, 4, 8, 2 ** 31, 2 ** 52]);
  const changed = dice.pick<{ readonly line: Line | undefined }>([
    { line: { ...line, data_offsets: [begin + by, end + by] } },
    { line: { ...line, data_offsets: [begin, begin + 3 * (end - begin)], shape: [3, ...shape] } },
    { line: { ...line, data_offsets: [begin, begin], shape: [0, ...shape] } },
    { line: other },
    { line: undefined },
  ]);
  return { header: JSON.stringify({ ...members, [dice.oneIn(3) ? "another" : name]: changed.line }), data };
}

const inHeader = (dice: Dice, { header, data }: Parts): Parts => ({ header: mutatedText(dice, header), data });
const inData = (dice: Dice, { header, data }: Parts): Parts => ({ header, data: mutatedBytes(dice, data) });
const inNothing = (_: Dice, parts: Parts): Parts => parts;

function mutant(dice: Dice): Uint8Array {
  const { header, data } = mutated(dice, dice.pick(seeds), [inHeader, inHeader, inLines, inLines, inData, inNothing]);
  const file = fileOf(Buffer.from(header), [...data]);
  if (dice.oneIn(8)) return mutatedField(dice, file, [[0, 8]]);
  return dice.oneIn(4) ? mutatedBytes(dice, file) : file;
}

/** A source that refuses to be read beyond its end, or more bytes than it has. */
function frugal(bytes: Uint8Array): ByteSource {
  const { size, read } = memoryBytes(bytes);
  let total = 0;
  return {
    size,
    read: (offset, length) => {
      total += length;
      if (total > size) throw new Error(`${total} bytes are read of ${size}`);
      return read(offset, length);
    },
  };
}

it("a mutated file is read correctly and can be written again, or is refused", { timeout: MINUTES_10 }, () => {
  const { right, refused } = outcomesOf("safetensors", mutant, (bytes) => {
    const file = readSafetensors(frugal(bytes));
    expect(parseSafetensors(writeSafetensors(file.tensors, file.metadata))).toEqual(file);
  });
  expect(right).toBeGreaterThan(50);
  expect(refused.size).toBeGreaterThan(25); // the number of rules that are reached
});
