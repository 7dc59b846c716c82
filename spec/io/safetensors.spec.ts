import { describe, expect, it } from "vitest";
import { numbersOf, parseSafetensors, writeSafetensors, type Writable } from "../../src/io/safetensors/safetensors.ts";
import { fileOf, tensor } from "./safetensorsFiles.ts";

const everyDtype: ReadonlyMap<string, Writable> = new Map<string, Writable>([
  ["b.f64", { dtype: "F64", shape: [2, 2], data: Float64Array.of(1, -2.5, Math.PI, 1e300) }],
  ["a.f32", { dtype: "F32", shape: [3], data: Float32Array.of(0.5, -1, 3) }],
  ["half", { dtype: "F16", shape: [4], data: Uint16Array.of(0x3c00, 0x8000, 0x7e01, 0xfc00) }],
  ["brain", { dtype: "BF16", shape: [2, 1], data: Uint16Array.of(0x7fc1, 0x0001) }],
  ["10", { dtype: "I64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) }],
  ["9", { dtype: "I32", shape: [1], data: Int32Array.of(-7) }],
  ["bytes", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ["flags", { dtype: "BOOL", shape: [], data: Uint8Array.of(1) }],
  ["empty", { dtype: "F64", shape: [0, 4], data: new Float64Array(0) }],
]);

function someOf(dtype: string): Writable {
  const found = [...everyDtype.values()].find((stored) => stored.dtype === dtype && stored.data.length > 0);
  if (found === undefined) throw new Error(dtype);
  return found;
}

describe("a file that was written", () => {
  const metadata = new Map([
    ["format", "test"],
    ["text", 'quotes " and ü, {"key": 1}'],
  ]);
  const bytes = writeSafetensors(everyDtype, metadata);

  it("reads back as the same tensors in the same order", () => {
    expect([...parseSafetensors(bytes).tensors]).toEqual([...everyDtype]);
  });

  it("reads back with its metadata", () => {
    expect(parseSafetensors(bytes).metadata).toEqual(metadata);
  });

  it("reads the same at any position in a larger buffer", () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(parseSafetensors(shifted.subarray(3))).toEqual(parseSafetensors(bytes));
  });

  it("reads the same from a Buffer, whose slices are views", () => {
    expect(parseSafetensors(Buffer.from(bytes))).toEqual(parseSafetensors(bytes));
  });

  it("has its data at a multiple of eight bytes", () => {
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it("has the same bytes each time", () => {
    expect(writeSafetensors(everyDtype, metadata)).toEqual(bytes);
  });
});

/** The values of a tensor that consists of these 16-bit words. */
function words(dtype: string, ...bits: readonly number[]): Float64Array {
  const bytes = fileOf(`{"x":{${tensor(dtype, [bits.length], 0, 2 * bits.length)}}}`, 2 * bits.length);
  for (const [i, word] of bits.entries()) new DataView(bytes.buffer).setUint16(bytes.length - 2 * bits.length + 2 * i, word, true);
  const stored = parseSafetensors(bytes).tensors.get("x");
  return stored === undefined ? new Float64Array(0) : numbersOf(stored);
}

describe("16-bit numbers", () => {
  it("are read and written bitwise identical, including quiet and signalling NaN with their payloads", () => {
    const data = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
    for (const dtype of ["F16", "BF16"] as const) {
      const tensors = new Map<string, Writable>([["x", { dtype, shape: [data.length], data }]]);
      expect(parseSafetensors(writeSafetensors(tensors)).tensors).toEqual(tensors);
    }
  });

  it("of F16 are widened exactly", () => {
    const expected = [1, -2, 65504, 2 ** -24, 2 ** -14, -0, Infinity, NaN];
    expect([...words("F16", 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x8000, 0x7c00, 0x7e00)]).toEqual(expected);
  });

  it("of BF16 are widened exactly", () => {
    expect([...words("BF16", 0x3f80, 0xc000, 0x4049, 0x7f80, 0x8000)]).toEqual([1, -2, 3.140625, Infinity, -0]);
  });
});

describe("a file is read", () => {
  const one = tensor("U8", [1], 0, 1);
  interface Right {
    readonly why: string;
    readonly header: string;
    readonly dataBytes: number;
    readonly names: readonly string[];
  }
  it.each<Right>([
    { why: "without a tensor", header: "{}", dataBytes: 0, names: [] },
    { why: "with empty metadata", header: '{"__metadata__":{}}', dataBytes: 0, names: [] },
    {
      why: "with spaces of all kinds",
      header: `{ \n"a"\t:\r{ "dtype" : "U8", "shape" : [ 1 ] , "data_offsets" : [ 0 , 1 ] } } \n `,
      dataBytes: 1,
      names: ["a"],
    },
    { why: "with members in any order", header: '{"a":{"data_offsets":[0,1],"shape":[1],"dtype":"U8"}}', dataBytes: 1, names: ["a"] },
    { why: "with escapes", header: `{"\\u0061\\/\\ud83d\\ude00\\n":{${one}}}`, dataBytes: 1, names: ["a/\u{1f600}\n"] },
    { why: "with names of any script", header: `{"\u{1f600}ü":{${one}}}`, dataBytes: 1, names: ["\u{1f600}ü"] },
    { why: "with an empty name", header: `{"":{${one}}}`, dataBytes: 1, names: [""] },
    {
      why: "with inherited names",
      header: `{"constructor":{${one}},"toString":{${tensor("U8", [0], 1, 1)}}}`,
      dataBytes: 1,
      names: ["constructor", "toString"],
    },
    { why: "in the order of its data", header: `{"b":{${tensor("U8", [1], 1, 2)}},"a":{${one}}}`, dataBytes: 2, names: ["a", "b"] },
    {
      why: "with empty tensors anywhere",
      header: `{"c":{${tensor("F64", [0, 7], 1, 1)}},"a":{${one}},"b":{${tensor("F64", [3, 0], 0, 0)}}}`,
      dataBytes: 1,
      names: ["b", "a", "c"],
    },
    {
      why: "with a thousand axes",
      header: `{"a":{${tensor("U8", Array<number>(1000).fill(1), 0, 1)}}}`,
      dataBytes: 1,
      names: ["a"],
    },
  ])("$why", ({ header, dataBytes, names }) => {
    expect([...parseSafetensors(fileOf(header, dataBytes)).tensors.keys()]).toEqual(names);
  });

  it("with its metadata last", () => {
    const file = fileOf(`{"a":{${one}},"__metadata__":{"z":"\\n","10":"v"}}`, 1);
    expect([...parseSafetensors(file).metadata]).toEqual([
      ["z", "\n"],
      ["10", "v"],
    ]);
  });

  it.each(["F64", "F32", "F16", "BF16", "I64", "I32"] as const)("with numbers of %s at any byte, aligned or not", (dtype) => {
    const stored = someOf(dtype);
    const file = writeSafetensors(new Map([["x", stored]]));
    const data = [...file.subarray(file.length - stored.data.byteLength)];
    for (let before = 0; before < 8; before++) {
      const at = tensor(dtype, stored.shape, before, before + data.length);
      const header = `{"a":{${tensor("U8", [before], 0, before)}},"x":{${at}}}`;
      expect(parseSafetensors(fileOf(header, [...Array<number>(before).fill(255), ...data])).tensors.get("x")).toEqual(stored);
    }
  });
});

it("metadata of many megabytes is read", () => {
  const metadata = new Map([["long", '\\"x'.repeat(3_000_000)]]);
  expect(parseSafetensors(writeSafetensors(new Map(), metadata)).metadata).toEqual(metadata);
});

it("a string that looks like keys is not taken for keys", () => {
  const metadata = new Map([["text", '{"a":1,"a":2,"__proto__":3}']]);
  expect(parseSafetensors(writeSafetensors(new Map(), metadata)).metadata).toEqual(metadata);
});
