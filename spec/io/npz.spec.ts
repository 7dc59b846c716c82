/** Archives of arrays: numpy's own files and ours. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/io/crc32.ts";
import { NpyError, writeNpy } from "../../src/io/numpy/npy.ts";
import { npzPieces, parseNpz, writeNpz } from "../../src/io/numpy/npz.ts";
import type { Stored } from "../../src/io/weights/stored.ts";
import { zipBytes, zipMembers } from "../../src/io/archive/zip.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const refuse = (offset: number, rule: string): NpyError => new NpyError(offset, rule);
const numpy = { stored: bytesOf("numpy/stored.npz"), deflated: bytesOf("numpy/deflated.npz") };

describe("numpy's files", () => {
  const arrays = parseNpz(numpy.stored);
  const dataOf = (name: string): readonly (number | bigint)[] => [...(arrays.get(`a/${name}`)?.data ?? [])];
  const counted = Array.from({ length: 24 }, (_, i) => i);

  it("are read in their order", () => {
    expect([...arrays.keys()].slice(0, 4)).toEqual(["a/f2", "a/f2.big", "a/f4", "a/f4.big"]);
  });

  it.each([
    ["f8", counted.map((i) => 0.75 * i)],
    ["f4", counted.map((i) => 0.75 * i)],
    ["i4", counted.map((i) => 7 * i)],
    ["i8", counted.map((i) => BigInt(7 * i))],
    ["u1", counted.map((i) => 7 * i)],
    ["special", [NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE]],
    ["half.special", [0x3c00, 0x8000, 0x7e01, 0xfc00, 0x0001]],
    ["integers", [-(2n ** 63n), 2n ** 63n - 1n, -1n]],
    ["fortran", counted],
    ["fortran.big.i8", [0n, 1n, 2n, 3n, 4n, 5n]],
    ["empty", []],
    ["scalar", [2.5]],
  ])("hold %s", (name, data) => {
    expect(dataOf(name)).toEqual(data);
  });

  it.each(["f2", "f4", "f8", "i4", "i8"])("hold %s in both byte orders", (kind) => {
    expect(arrays.get(`a/${kind}.big`)).toEqual(arrays.get(`a/${kind}`));
  });

  it("are the same deflated", () => {
    const { ...deflated } = Object.fromEntries(parseNpz(numpy.deflated));
    expect(deflated["zeros"]).toEqual({ dtype: "F32", shape: [64, 64], data: new Float32Array(64 * 64) });
    delete deflated["zeros"];
    expect(deflated).toEqual(Object.fromEntries(arrays));
  });

  it("have members that are written byte for byte", () => {
    const little = zipMembers(numpy.stored, refuse).filter(({ name }) => !/big|fortran/.test(name));
    expect(little.length).toBe(12);
    for (const member of little) {
      const stored = arrays.get(member.name.slice(0, -4));
      if (stored === undefined) throw new Error(member.name);
      expect(writeNpy(stored)).toEqual(new Uint8Array(zipBytes(numpy.stored, member, refuse)));
    }
  });
});

const tensors: ReadonlyMap<string, Stored> = new Map<string, Stored>([
  ["blocks.0/attn", { dtype: "F64", shape: [2, 2], data: Float64Array.of(1, -2.5, Math.PI, 1e300) }],
  ["9", { dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0x7e01) }],
  ["ü", { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["__proto__", { dtype: "I32", shape: [1], data: Int32Array.of(-7) }],
  ["", { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) }],
  ["long", { dtype: "F32", shape: [1000], data: new Float32Array(1000).fill(0.5) }],
]);

const writers = [
  { how: "at once", write: () => writeNpz(tensors) },
  { how: "at once, deflated", write: () => writeNpz(tensors, { compress: true }) },
  { how: "piece by piece", write: () => new Uint8Array(Buffer.concat([...npzPieces(tensors)])) },
];

describe.each(writers)("a file that is written $how", ({ write }) => {
  const file = write();

  it("is read as the same arrays in the same order", () => {
    expect([...parseNpz(file)]).toEqual([...tensors]);
  });

  it("has the same bytes each time", () => {
    expect(write()).toEqual(file);
  });

  it("has the same bytes in every time zone", () => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "Pacific/Kiritimati";
    const there = write();
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
    expect(there).toEqual(file);
  });

  it("is read by numpy, if Python has it", (context) => {
    const path = join(temporaryFolder(), "file.npz");
    writeFileSync(path, file);
    const script =
      "import sys, numpy\nfor k, a in numpy.load(sys.argv[1]).items(): print(repr(k), a.dtype, a.shape, a.reshape(-1)[:1].tolist())";
    const python = process.env["PYTHON"] ?? "python3";
    const { status, stdout } = spawnSync(python, ["-c", script, path], { encoding: "utf8", env: { ...process.env, PYTHONUTF8: "1" } });
    if (status !== 0) context.skip(`${python} has no numpy`);
    expect(stdout.trim().split("\n")).toEqual([
      "'blocks.0/attn' float64 (2, 2) [1.0]",
      "'9' float16 (2,) [1.0]",
      "'ü' int64 () [-9223372036854775808]",
      "'__proto__' int32 (1,) [-7]",
      "'' bool (2,) [False]",
      "'long' float32 (1000,) [0.5]",
    ]);
  });
});

it("an archive is written array by array", () => {
  const asked: string[] = [];
  function* arrays(): Generator<readonly [string, Stored], void> {
    for (const [name, stored] of tensors) {
      asked.push(name);
      yield [name, stored];
    }
  }
  const pieces = npzPieces(arrays());
  expect(pieces.next().done).toBe(false);
  expect(asked).toEqual(["blocks.0/attn"]);
});

it("deflates repeated data", () => {
  expect(writeNpz(tensors, { compress: true }).length).toBeLessThan(writeNpz(tensors).length / 2);
});

it("the checksum of no bytes and of a known text", () => {
  expect(crc32(new Uint8Array(0))).toBe(0);
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926); // the check value of the standard
});
