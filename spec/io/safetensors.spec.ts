import { describe, expect, it } from "vitest";
import { numbersOf, parseSafetensors, SafetensorsError, writeSafetensors, type Writable } from "../../src/io/safetensors.ts";

/** A file of this header text and so many zero bytes of data. */
function fileOf(header: string, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (dtype: string, shape: readonly number[], begin: number, end: number): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

/** Two F32 tensors of four bytes each, a and b, at these offsets. */
const pair = (a: readonly [number, number], b: readonly [number, number], dataBytes: number): Uint8Array =>
  fileOf(`{"a":${entry("F32", [1], ...a)},"b":${entry("F32", [1], ...b)}}`, dataBytes);

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

  it("reads the same at any place of a larger buffer", () => {
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

  it("is the same bytes each time", () => {
    expect(writeSafetensors(everyDtype, metadata)).toEqual(bytes);
  });

  it("may not contain a tensor called __metadata__", () => {
    const reserved = new Map<string, Writable>([["__metadata__", { dtype: "U8", shape: [0], data: new Uint8Array(0) }]]);
    expect(() => writeSafetensors(reserved)).toThrow("writeSafetensors: a tensor may not be called __metadata__");
  });

  it("may not contain a BOOL of another byte than 0 and 1", () => {
    const odd = new Map<string, Writable>([["x", { dtype: "BOOL", shape: [3], data: Uint8Array.of(0, 1, 2) }]]);
    expect(() => writeSafetensors(odd)).toThrow("writeSafetensors: x must have BOOLs of 0 or 1, got 2 at 2");
  });

  it("has as many numbers as each shape says", () => {
    const short = new Map<string, Writable>([["x", { dtype: "F32", shape: [2, 2], data: new Float32Array(3) }]]);
    expect(() => writeSafetensors(short)).toThrow("writeSafetensors: x must have 4 numbers (from [2, 2]), got 3");
  });
});

/** The values of one tensor with these bits. */
function words(dtype: string, ...bits: readonly number[]): Float64Array {
  const bytes = fileOf(`{"x":${entry(dtype, [bits.length], 0, 2 * bits.length)}}`, 2 * bits.length);
  for (const [i, word] of bits.entries()) new DataView(bytes.buffer).setUint16(bytes.length - 2 * bits.length + 2 * i, word, true);
  const stored = parseSafetensors(bytes).tensors.get("x");
  return stored === undefined ? new Float64Array(0) : numbersOf(stored);
}

describe("16-bit numbers", () => {
  it("come and go as their bits, quiet and signalling NaN with their payloads included", () => {
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

describe("a file is refused", () => {
  const long = new Uint8Array(16);
  new DataView(long.buffer).setBigUint64(0, 100_000_001n, true);
  const good = entry("F32", [1], 0, 4);
  const notUtf8 = fileOf('{"a":1}');
  notUtf8[9] = 0xff;

  const odd = fileOf(`{"a":${entry("F32", [1], 0, 4)},"b":${entry("BOOL", [2], 4, 6)}}`, 6);
  odd[odd.length - 1] = 2;

  it.each<readonly [why: string, bytes: Uint8Array, message: string]>([
    ["with a BOOL of 2", odd, "byte 121: tensor b: a BOOL must be 0 or 1, got 2"],
    ["without a header length", new Uint8Array(5), "byte 5: a file begins with 8 bytes of header length, it has 5"],
    ["with a header over 100 MB", long, "byte 0: the header may have 100000000 bytes, it claims 100000001"],
    ["that ends in its header", fileOf("{}").subarray(0, 9), "byte 9: the file is truncated: its header ends at byte 10"],
    ["with a header that is not UTF-8", notUtf8, "byte 8: the header must be UTF-8"],
    ["with a header that is not JSON", fileOf("{"), "byte 8: the header must be JSON: "],
    ["with a byte order mark", fileOf("\ufeff{}"), "byte 8: the header must be JSON: "],
    ["with a list for a header", fileOf("[]"), "byte 8: the header must be a JSON object"],
    [
      "with a tensor named twice",
      fileOf(`{"a":${good},"a":${good}}`, 4),
      `byte 62: the header must be JSON: the key "a" occurs twice in one object`,
    ],
    ["with a key twice, once escaped", fileOf(`{"a":${good},"\\u0061":${good}}`, 4), `the key "a" occurs twice in one object`],
    [
      "with a tensor's shape given twice",
      fileOf(`{"a":{"shape":[1],"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
      `the key "shape" occurs twice`,
    ],
    ["with metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), `the key "__metadata__" occurs twice in one object`],
    ["with the key __proto__", fileOf(`{"__proto__":${good}}`, 4), "byte 9: the header must be JSON: __proto__ is not allowed as a key"],
    ["with metadata that is no object", fileOf('{"__metadata__":[]}'), "byte 8: __metadata__ must be an object"],
    ["with metadata that is no text", fileOf('{"__metadata__":{"version":1}}'), "byte 8: __metadata__.version must be a text, got number"],
    ["with a tensor that is no object", fileOf('{"a":1}'), "byte 8: tensor a: must be an object"],
    ["with an unknown key", fileOf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), "tensor a: has the unknown key x"],
    [
      "with an unknown dtype",
      fileOf(`{"a":${entry("F8_E4M3", [1], 0, 1)}}`, 1),
      'tensor a: dtype must be one of F64, F32, F16, BF16, I64, I32, U8, BOOL, got "F8_E4M3"',
    ],
    ["with an inherited name for a dtype", fileOf(`{"a":${entry("toString", [1], 0, 1)}}`, 1), "tensor a: dtype must be one of"],
    ["with a negative length", fileOf(`{"a":${entry("F32", [-1], 0, 4)}}`, 4), "tensor a: shape must be a list of lengths, got [-1]"],
    [
      "with one data offset",
      fileOf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}`, 4),
      "tensor a: data_offsets must be [begin, end], got [4]",
    ],
    [
      "with a shape that does not fit",
      fileOf(`{"a":${entry("F32", [2, 3], 0, 20)}}`, 20),
      "tensor a: [2, 3] of F32 takes 24 bytes, data_offsets give 20",
    ],
    ["with a shape beyond all integers", fileOf(`{"a":${entry("F32", [2 ** 40, 2 ** 40], 0, 4)}}`, 4), "data_offsets give 4"],
    ["with tensors that overlap", pair([0, 4], [2, 6], 6), "byte 117: tensor b overlaps the one before it"],
    ["with a hole", pair([0, 4], [8, 12], 12), "byte 120: 4 bytes before tensor b belong to no tensor"],
    ["with bytes after the last tensor", pair([0, 4], [4, 8], 9), "byte 123: 1 bytes after the last tensor belong to no tensor"],
    ["with data cut off", pair([0, 4], [4, 8], 7), "byte 122: the file is truncated: tensor b ends at byte 123"],
  ])("%s", (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrow(SafetensorsError);
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });
});

it("metadata of many megabytes is read", () => {
  const metadata = new Map([["long", '\\"x'.repeat(3_000_000)]]);
  expect(parseSafetensors(writeSafetensors(new Map(), metadata)).metadata).toEqual(metadata);
});

it("a key is told from a text that looks like one", () => {
  const metadata = new Map([["text", '{"a":1,"a":2,"__proto__":3}']]);
  expect(parseSafetensors(writeSafetensors(new Map(), metadata)).metadata).toEqual(metadata);
});
