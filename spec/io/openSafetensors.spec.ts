/** Opens files and reads them tensor by tensor. */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryBytes, type ByteSource } from "../../src/io/disk/byteSource.ts";
import { fileBytes } from "../../src/io/disk/fileBytes.ts";
import {
  openSafetensors,
  readSafetensors,
  SafetensorsError,
  writeSafetensors,
  type Writable,
} from "../../src/io/safetensors/safetensors.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const tensors: ReadonlyMap<string, Writable> = new Map<string, Writable>([
  ["a", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["b", { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) }],
  ["c", { dtype: "F64", shape: [], data: Float64Array.of(Math.PI) }],
  ["d", { dtype: "I64", shape: [0], data: new BigInt64Array(0) }],
]);
const bytes = writeSafetensors(tensors, new Map([["k", "v"]]));
const dataStart = bytes.length - 24 - 2 - 8;

/** A source, and the ranges that were read from it. */
function watched(source: ByteSource): { readonly source: ByteSource; readonly ranges: (readonly [number, number])[] } {
  const ranges: (readonly [number, number])[] = [];
  const read: ByteSource["read"] = (offset, length) => {
    ranges.push([offset, length]);
    return source.read(offset, length);
  };
  return { source: { size: source.size, read }, ranges };
}

describe("a file that is opened", () => {
  it("has its metadata, and its entries with their positions in the file", () => {
    const { metadata, entries } = openSafetensors(memoryBytes(bytes));
    expect([...metadata]).toEqual([["k", "v"]]);
    expect([...entries.values()]).toEqual([
      { name: "a", dtype: "F32", shape: [2, 3], begin: dataStart, end: dataStart + 24 },
      { name: "b", dtype: "BOOL", shape: [2], begin: dataStart + 24, end: dataStart + 26 },
      { name: "c", dtype: "F64", shape: [], begin: dataStart + 26, end: dataStart + 34 },
      { name: "d", dtype: "I64", shape: [0], begin: dataStart + 34, end: dataStart + 34 },
    ]);
  });

  it("is read up to the end of its header, then one tensor at a time", () => {
    const { source, ranges } = watched(memoryBytes(bytes));
    const { read } = openSafetensors(source);
    expect(ranges).toEqual([
      [0, 8],
      [8, dataStart - 8],
    ]);
    expect(read("c")).toEqual(tensors.get("c"));
    expect(ranges.slice(2)).toEqual([[dataStart + 26, 8]]);
  });

  it("reads a new copy of a tensor each time", () => {
    const { read } = openSafetensors(memoryBytes(bytes));
    const { data } = read("a");
    if (data instanceof Float32Array) data.fill(0);
    expect(read("a")).toEqual(tensors.get("a"));
  });

  it("refuses unknown names, including inherited ones", () => {
    const { read } = openSafetensors(memoryBytes(bytes));
    expect(() => read("e")).toThrow(new RangeError('safetensors: nothing named "e"'));
    expect(() => read("constructor")).toThrow(new RangeError('safetensors: nothing named "constructor"'));
  });

  it("refuses a BOOL other than 0 and 1 when it is read", () => {
    const odd = Uint8Array.from(bytes);
    odd[dataStart + 25] = 2;
    const { read } = openSafetensors(memoryBytes(odd));
    expect(read("a")).toEqual(tensors.get("a"));
    expect(() => read("b")).toThrow(new SafetensorsError(dataStart + 25, 'tensor "b": a BOOL must be 0 or 1, got 2'));
  });
});

it("a file of 5 GiB is read at its far end", () => {
  const path = join(temporaryFolder(), "large.safetensors");
  const large = 5 * 2 ** 30;
  const entry = (shape: number, begin: number): object => ({ dtype: "U8", shape: [shape], data_offsets: [begin, begin + shape] });
  const json = Buffer.from(JSON.stringify({ zeros: entry(large, 0), last: entry(3, large) }));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(json.length), true);
  const file = openSync(path, "w");
  writeSync(file, length, 0, 8, 0);
  writeSync(file, json, 0, json.length, 8);
  writeSync(file, Uint8Array.of(7, 8, 9), 0, 3, 8 + json.length + large);
  closeSync(file); // the gap takes no space on the disk

  const { entries, read } = openSafetensors(fileBytes(path));
  expect(entries.get("zeros")?.end).toBe(8 + json.length + large);
  expect(read("last")).toEqual({ dtype: "U8", shape: [3], data: Uint8Array.of(7, 8, 9) });
});

it("a file reads the same from memory and from the disk", () => {
  const path = join(temporaryFolder(), "small.safetensors");
  writeFileSync(path, bytes);
  expect(readSafetensors(fileBytes(path))).toEqual(readSafetensors(memoryBytes(bytes)));
});
