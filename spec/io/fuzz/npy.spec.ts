/** Mutated files of numpy, with one array or several, are read correctly or refused; nothing else happens. */
import { zipSync } from "fflate";
import { expect, it } from "vitest";
import { parseNpy, writeNpy } from "../../../src/io/numpy/npy.ts";
import { parseNpz, writeNpz } from "../../../src/io/numpy/npz.ts";
import type { Stored } from "../../../src/io/weights/stored.ts";
import { bytesOf } from "../../helpers/fixtures.ts";
import type { Dice } from "./dice.ts";
import { mutated, mutatedBytes, mutatedField, mutatedText, type Field } from "./mutate.ts";
import { MINUTES_10, outcomesOf } from "./outcomes.ts";

type Bytes = Uint8Array;

const arrays = ["f4", "b1", "scalar", "fortran", "version2", "version3"].map((name) => bytesOf(`numpy/${name}.npy`));
const tensors = new Map<string, Stored>([
  ["a", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ["b/ü", { dtype: "BOOL", shape: [3], data: Uint8Array.of(0, 1, 1) }],
  ["", { dtype: "I64", shape: [], data: BigInt64Array.of(-1n) }],
]);

/** The position at which the dictionary of an array begins. */
const startOf = (file: Bytes): number => (file[6] === 1 ? 10 : 12);
const lengthField = (file: Bytes): Field => [8, file[6] === 1 ? 2 : 4];

/** Mutates the dictionary; in most cases its length is then corrected. */
function inDictionary(dice: Dice, file: Bytes): Bytes {
  const start = startOf(file);
  const length = file.length < start ? 0 : Buffer.from(file).readUIntLE(8, start - 8);
  const text = mutatedText(dice, Buffer.from(file.subarray(start, start + length)).toString("latin1"));
  const changed = Buffer.concat([file.subarray(0, start), Buffer.from(text, "latin1"), file.subarray(start + length)]);
  if (changed.length >= start && !dice.oneIn(8)) changed.writeUIntLE(Math.min(text.length, 0xffff), 8, start - 8);
  return changed;
}

const inLength = (dice: Dice, file: Bytes): Bytes => (file.length < 12 ? file : mutatedField(dice, file, [lengthField(file), [6, 2]]));
const unchanged = (_: Dice, file: Bytes): Bytes => file;
const mutantArray = (dice: Dice): Bytes =>
  mutated(dice, dice.pick(arrays), [inDictionary, inDictionary, inDictionary, inLength, mutatedBytes, unchanged]);

it("a mutated array is read correctly and can be written again, or is refused", { timeout: MINUTES_10 }, () => {
  const { right, refused } = outcomesOf("npy", mutantArray, (bytes) => {
    const stored = parseNpy(bytes);
    expect(parseNpy(writeNpy(stored))).toEqual(stored);
  });
  expect(right).toBeGreaterThan(50);
  expect(refused.size).toBeGreaterThan(25);
});

/** The fields of an archive's records, by the two bytes after PK. */
const RECORDS: { readonly [signature: string]: readonly Field[] } = {
  "\u0003\u0004": [
    [0, 4],
    [6, 2],
    [8, 2],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  "\u0001\u0002": [
    [0, 4],
    [8, 2],
    [10, 2],
    [16, 4],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [42, 4],
  ],
  "\u0006\u0006": [
    [0, 4],
    [4, 8],
    [24, 8],
    [32, 8],
    [40, 8],
    [48, 8],
  ],
  "\u0006\u0007": [
    [0, 4],
    [4, 4],
    [8, 8],
    [16, 4],
  ],
  "\u0005\u0006": [
    [0, 4],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
};

function fieldsOf(archive: Bytes): readonly Field[] {
  const text = Buffer.from(archive).toString("latin1");
  const last = archive.length - 8;
  return [...text.matchAll(/PK([\s\S]{2})/g)].flatMap(({ index, 1: signature = "" }) =>
    (RECORDS[signature] ?? []).map(([at, width]): Field => [index + at, width]).filter(([at]) => at <= last),
  );
}

/** The same archive with a 64-bit end of its directory. */
function withLargeEnd(archive: Bytes): Bytes {
  const end = Buffer.from(archive.subarray(-22));
  const [members, length, begin] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16)];
  const large = Buffer.alloc(56);
  large.write("PK\u0006\u0006");
  large.writeBigUInt64LE(44n, 4);
  for (const [at, value] of [
    [24, members],
    [32, members],
    [40, length],
    [48, begin],
  ] as const)
    large.writeBigUInt64LE(BigInt(value), at);
  const locator = Buffer.alloc(20);
  locator.write("PK\u0006\u0007");
  locator.writeBigUInt64LE(BigInt(archive.length - 22), 8);
  locator.writeUInt32LE(1, 16);
  for (const [at, width] of [
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
  ] as const)
    end.fill(0xff, at, at + width);
  return new Uint8Array(Buffer.concat([archive.subarray(0, -22), large, locator, end]));
}

const archives = [
  bytesOf("numpy/stored.npz"),
  bytesOf("numpy/deflated.npz"),
  writeNpz(tensors),
  writeNpz(tensors, { compress: true }),
  writeNpz(new Map()),
  withLargeEnd(writeNpz(tensors, { compress: true })),
];

const inField = (dice: Dice, archive: Bytes): Bytes => {
  const fields = fieldsOf(archive);
  return fields.length === 0 ? archive : mutatedField(dice, archive, fields);
};

/** A valid archive of mutated arrays. */
function ofMutants(dice: Dice): Bytes {
  const names = ["a.npy", "b.npy", "c", "ü.npy", ".npy", "a.npy.npy", "../a.npy"];
  const members = Array.from({ length: dice.below(3) }, (): [string, Bytes] => [
    dice.pick(names),
    dice.oneIn(2) ? dice.pick(arrays) : mutantArray(dice),
  ]);
  return zipSync(Object.fromEntries(members), { level: dice.oneIn(2) ? 0 : 6, mtime: "1980-01-01" });
}

const mutantArchive = (dice: Dice): Bytes =>
  dice.oneIn(4) ? ofMutants(dice) : mutated(dice, dice.pick(archives), [inField, inField, inField, mutatedBytes, unchanged]);

it("a mutated archive is read correctly and can be written again, or is refused", { timeout: MINUTES_10 }, () => {
  const { right, refused } = outcomesOf("npz", mutantArchive, (bytes) => {
    const read = parseNpz(bytes);
    expect(parseNpz(writeNpz(read))).toEqual(read);
  });
  expect(right).toBeGreaterThan(50);
  expect(refused.size).toBeGreaterThan(25);
});

it("the archive with a 64-bit end can be read", () => {
  expect(parseNpz(withLargeEnd(writeNpz(tensors)))).toEqual(tensors);
});
