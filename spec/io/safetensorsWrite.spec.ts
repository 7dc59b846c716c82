/** Writes files of tensors, whole or tensor by tensor. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryBytes } from "../../src/io/disk/byteSource.ts";
import { fileBytes } from "../../src/io/disk/fileBytes.ts";
import {
  openSafetensors,
  parseSafetensors,
  safetensorsPieces,
  writeSafetensors,
  type Planned,
  type Writable,
} from "../../src/io/safetensors/safetensors.ts";
import { saveSafetensors } from "../../src/io/safetensors/save.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const tensors: ReadonlyMap<string, Writable> = new Map<string, Writable>([
  ["b", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["a", { dtype: "BOOL", shape: [3], data: Uint8Array.of(0, 1, 0) }],
  ["10", { dtype: "F64", shape: [], data: Float64Array.of(-0) }],
  ["9 ü \u{1f600}", { dtype: "BF16", shape: [1, 0], data: new Uint16Array(0) }],
]);
const metadata = new Map([
  ["z", "last first"],
  ["10", "a number for a key"],
  ["9", '"'],
]);
const unchanged = (_: string, tensor: Writable): Writable => tensor;

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

describe("pieces", () => {
  it("together are the whole file: the header, then one piece for each tensor", async () => {
    const pieces = await collected(safetensorsPieces(tensors, unchanged, metadata));
    expect(pieces.length).toBe(1 + tensors.size);
    expect(new Uint8Array(Buffer.concat(pieces))).toEqual(writeSafetensors(tensors, metadata));
  });

  it("request each tensor when its turn has come, and only once", async () => {
    const asked: string[] = [];
    const pieces = safetensorsPieces(tensors, (name, tensor) => {
      asked.push(name);
      return Promise.resolve(tensor);
    });
    await pieces.next();
    expect(asked).toEqual([]);
    await pieces.next();
    expect(asked).toEqual(["b"]);
    await collected(pieces);
    expect(asked).toEqual([...tensors.keys()]);
  });

  it.each<readonly [what: string, tensor: Writable]>([
    ["[3, 2] of F32", { dtype: "F32", shape: [3, 2], data: new Float32Array(6) }],
    ["[2, 3] of I32", { dtype: "I32", shape: [2, 3], data: new Int32Array(6) }],
  ])("refuse %s if something else was planned", async (what, tensor) => {
    const planned = new Map<string, Planned>([["x", { dtype: "F32", shape: [2, 3] }]]);
    await expect(collected(safetensorsPieces(planned, () => tensor))).rejects.toThrow(
      new RangeError(`writeSafetensors: x was to be [2, 3] of F32, got ${what}`),
    );
  });
});

describe("a file", () => {
  it("that was opened is written again with the same bytes", async () => {
    const [one, other] = [join(temporaryFolder(), "one"), join(temporaryFolder(), "other")];
    await saveSafetensors(one, tensors, unchanged, metadata);
    const file = openSafetensors(fileBytes(one));
    await saveSafetensors(other, file.entries, file.read, file.metadata);
    expect(readFileSync(one)).toEqual(readFileSync(other));
    expect(new Uint8Array(readFileSync(one))).toEqual(writeSafetensors(tensors, metadata));
  });

  it("replaces an older one", async () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "older");
    await saveSafetensors(path, tensors, unchanged);
    expect(new Uint8Array(readFileSync(path))).toEqual(writeSafetensors(tensors));
  });

  it("that fails half-way leaves the older one, and nothing else", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "file");
    writeFileSync(path, "older");
    const failing = saveSafetensors(path, tensors, (name, tensor) => {
      if (name === "10") throw new Error("out of numbers");
      return tensor;
    });
    await expect(failing).rejects.toThrow("out of numbers");
    expect(readdirSync(folder)).toEqual(["file"]);
    expect(readFileSync(path, "utf8")).toBe("older");
  });

  it("that cannot be moved to its path leaves nothing behind", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "taken"));
    await expect(saveSafetensors(join(folder, "taken"), tensors, unchanged)).rejects.toThrow(/EISDIR|EPERM|EEXIST/);
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});

describe("what is written", () => {
  it("keeps the order of tensors and metadata, also if their names are numbers", () => {
    const read = parseSafetensors(writeSafetensors(tensors, metadata));
    expect([...read.tensors]).toEqual([...tensors]);
    expect([...read.metadata]).toEqual([...metadata]);
  });

  const half = "\ud800";
  const one: Writable = { dtype: "U8", shape: [1], data: Uint8Array.of(1) };
  it.each<readonly [message: string, tensors: readonly (readonly [string, Writable])[], metadata: readonly (readonly [string, string])[]]>([
    ["a tensor may not be called __metadata__", [["__metadata__", one]], []],
    ["a tensor may not be called __proto__", [["__proto__", one]], []],
    ['a tensor may not be called "\\ud800", which is not Unicode', [[half, one]], []],
    ["a text may not be called __proto__", [], [["__proto__", ""]]],
    ['a text may not be called "\\ud800", which is not Unicode', [], [[half, ""]]],
    ["the text k is not Unicode", [], [["k", half]]],
    ["x may not be [-1, -1]", [["x", { ...one, shape: [-1, -1] }]], []],
    ["x may not be [0.5, 2]", [["x", { ...one, shape: [0.5, 2] }]], []],
    ["x may not be [1048576, 1073741824, 8]", [["x", { ...one, shape: [2 ** 20, 2 ** 30, 2 ** 3] }]], []],
    ["x must have 2 numbers (from [2]), got 1", [["x", { ...one, shape: [2] }]], []],
    ["x must have BOOLs of 0 or 1, got 2 at 1", [["x", { dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 2) }]], []],
    ["the header may have 100000000 bytes, it would have 100000032", [], [["k", "x".repeat(100_000_000)]]],
  ])("is refused: %s", (message, named, texts) => {
    expect(() => writeSafetensors(new Map(named), new Map(texts))).toThrow(new RangeError(`writeSafetensors: ${message}`));
  });

  it("may be called anything else", () => {
    const names = ["", "constructor", "toString", "hasOwnProperty", "\u0000", "a/b", "\\", '"', "__metadata", "\ufeff"];
    const named = new Map(names.map((name): [string, Writable] => [name, one]));
    expect([...openSafetensors(memoryBytes(writeSafetensors(named))).entries.keys()]).toEqual(names);
  });
});

it("a file of 4.5 GB is written and read back, tensor by tensor", { skip: process.env["DEIT_LONG"] !== "1" }, async () => {
  const path = join(temporaryFolder(), "large.safetensors");
  const each = 2 ** 28;
  const planned = new Map(Array.from({ length: 17 }, (_, i): [string, Planned] => [`t${i}`, { dtype: "U8", shape: [each] }]));
  await saveSafetensors(path, planned, (name) => ({
    dtype: "U8",
    shape: [each],
    data: new Uint8Array(each).fill(Number(name.slice(1))),
  }));
  expect(statSync(path).size).toBeGreaterThan(17 * each);
  const { entries, read } = openSafetensors(fileBytes(path));
  for (const name of entries.keys()) {
    const { data } = read(name);
    expect([data[0], data[each - 1]]).toEqual([Number(name.slice(1)), Number(name.slice(1))]);
  }
});
