/** Files that break a rule of the format are refused with the byte and the rule. */
import { describe, expect, it } from "vitest";
import { parseSafetensors, SafetensorsError } from "../../src/io/safetensors/safetensors.ts";
import { fileOf, HERE, placeOf, tensor } from "./safetensorsFiles.ts";

const refusal = (offset: number, rule: string): SafetensorsError => new SafetensorsError(offset, rule);

/** JSON values of every kind, and how an error quotes them. */
const values: { readonly [kind: string]: readonly [json: string, quoted: string] } = {
  null: ["null", '"null"'],
  true: ["true", '"true"'],
  number: ["7", '"7"'],
  text: ['"F32"', '"\\"F32\\""'],
  list: ["[]", '"["'],
  object: ["{}", '"{"'],
  "nothing, a comma": [",", '","'],
  "nothing, a brace": ["}", '"}"'],
};
const valuesBut = (...kinds: readonly string[]): readonly (readonly [kind: string, json: string, quoted: string])[] =>
  Object.entries(values)
    .filter(([kind]) => !kinds.includes(kind))
    .map(([kind, [json, quoted]]) => [kind, json, quoted]);

type Case = readonly [why: string, header: string, rule: string];
const F32 = tensor("F32", [1], 0, 4);
const COUNT = "must be a whole number from 0 to 2^53 − 1";
const KEYS = "dtype, shape and data_offsets";
const DTYPES = "F64, F32, F16, BF16, I64, I32, U8, BOOL";
const HUGE = "9007199254740992"; // 2^53

const wrongCount: readonly (readonly [why: string, json: string, quoted: string])[] = [
  ["negative", "-1", '"-1"'],
  ["minus zero", "-0", '"-0"'],
  ["fractional", "1.5", '"1.5"'],
  ["whole, but written as a fraction", "1.0", '"1.0"'],
  ["whole, but written with an exponent", "1e0", '"1e0"'],
  ["whole, but written with another exponent", "4E0", '"4E0"'],
  ["of 2^53", HUGE, `"${HUGE}"`],
  ["of 2^53 + 1", "9007199254740993", '"9007199254740993"'],
  ["of 2^64", "18446744073709551616", '"18446744073709551616"'],
  ["of 400 digits", "9".repeat(400), `"${"9".repeat(60)}…"`],
  ["infinite", "1e999", '"1e999"'],
  ["not a number", "NaN", '"NaN"'],
  ["Infinity", "Infinity", '"Infinity"'],
  ["padded with zeros", "04", '"04"'],
  ["with a plus", "+4", '"+4"'],
  ["a text", '"4"', '"\\"4\\""'],
  ["null", "null", '"null"'],
  ["a list", "[4]", '"["'],
  ["a list of lists without end", "[".repeat(100_000), '"["'],
  ["an object", "{}", '"{"'],
  ["missing", "", '"]"'],
];

const cases: { readonly [rule: string]: readonly Case[] } = {
  "the header is one JSON object": [
    ["empty", HERE, "the header must begin with {"],
    ["a space before it", `${HERE} {}`, "the header must begin with {"],
    ["a byte order mark before it", `${HERE}\ufeff{}`, "the header must begin with {"],
    ["a list", `${HERE}[]`, "the header must begin with {"],
    ["null", `${HERE}null`, "the header must begin with {"],
    ["never closed", `{${HERE}`, "a key must be a text, the JSON ends there"],
    ["never closed after a tensor", `{"a":{${F32}}${HERE}`, "the header must go on with a comma or end with }, the JSON ends there"],
    ["a second one after it", `{}${HERE}{}`, 'only spaces may follow, got "{"'],
    ["zeros as padding", `{}${HERE}\0\0`, 'only spaces may follow, got "\\u0000\\u0000"'],
    ["a comma at its end", `{"a":{${F32}},${HERE}}`, 'a key must be a text, got "}"'],
    ["a comma at its beginning", `{${HERE},"a":{${F32}}}`, 'a key must be a text, got ","'],
    ["no comma between", `{"a":{${F32}}${HERE}"b":{${F32}}}`, 'the header must go on with a comma or end with }, got "\\"b\\""'],
    ["a bracket instead of a brace", `{"a":{${F32}}${HERE}]`, 'the header must go on with a comma or end with }, got "]"'],
    ["a key without quotation marks", `{${HERE}a:{${F32}}}`, 'a key must be a text, got "a"'],
    ["a key in single quotation marks", `{${HERE}'a':{${F32}}}`, `a key must be a text, got "'a'"`],
    ["a number as a key", `{${HERE}1:{${F32}}}`, 'a key must be a text, got "1"'],
    ["no colon after a key", `{"a" ${HERE}{${F32}}}`, 'a colon must follow a key, got "{"'],
    ["a comment", `{${HERE}/* none */}`, 'a key must be a text, got "/*"'],
    ["another kind of space", `{${HERE}\u00a0}`, 'a key must be a text, got "\u00a0"'],
  ],
  "no key occurs twice": [
    ["a tensor", `{"a":{${F32}},${HERE}"a":{${F32}}}`, 'the key "a" occurs twice in one object'],
    ["a tensor, once escaped", `{"a":{${F32}},${HERE}"\\u0061":{${F32}}}`, 'the key "a" occurs twice in one object'],
    ["a tensor of no name", `{"":{${F32}},${HERE}"":{${F32}}}`, 'the key "" occurs twice in one object'],
    ["a tensor called constructor", `{"constructor":{${F32}},${HERE}"constructor":{}}`, 'the key "constructor" occurs twice in one object'],
    ["the metadata", `{"__metadata__":{},${HERE}"__metadata__":{}}`, 'the key "__metadata__" occurs twice in one object'],
    ["a text of the metadata", `{"__metadata__":{"k":"","l":"",${HERE}"k":""}}`, 'the key "k" occurs twice in one object'],
    ["dtype", `{"a":{"dtype":"F32",${HERE}"dtype":"F32"}}`, 'the key "dtype" occurs twice in one object'],
    ["shape", `{"a":{"shape":[1],"dtype":"F32",${HERE}"shape":[1]}}`, 'the key "shape" occurs twice in one object'],
    ["data_offsets", `{"a":{"data_offsets":[0,4],${HERE}"data_offsets":[0,4]}}`, 'the key "data_offsets" occurs twice in one object'],
    ["__proto__ for a tensor", `{${HERE}"__proto__":{${F32}}}`, "__proto__ is not allowed as a key"],
    ["__proto__, escaped", `{${HERE}"\\u005f_proto__":{${F32}}}`, "__proto__ is not allowed as a key"],
    ["__proto__ for a text", `{"__metadata__":{${HERE}"__proto__":""}}`, "__proto__ is not allowed as a key"],
    ["__proto__ in a tensor", `{"a":{${HERE}"__proto__":{},${F32}}}`, "__proto__ is not allowed as a key"],
  ],
  "a text is Unicode": [
    ["never closed", `{"a${HERE}`, "a key must end with a quotation mark, the JSON ends there"],
    ["closed by an escape", `{"a\\"${HERE}`, "a key must end with a quotation mark, the JSON ends there"],
    ["that ends with half an escape", `{"a\\${HERE}`, "a key must end with a quotation mark, the JSON ends there"],
    ["with a line's end", `{"a${HERE}\n":{${F32}}}`, "a key may not have the control character 10"],
    ["with a zero", `{"__metadata__":{"k":"${HERE}\0"}}`, '__metadata__."k" may not have the control character 0'],
    ["with an unknown escape", `{${HERE}"\\x":{${F32}}}`, 'a key has an escape that JSON has not: "\\"\\\\x\\""'],
    ["with half an escape", `{${HERE}"\\u00":{${F32}}}`, 'a key has an escape that JSON has not: "\\"\\\\u00\\""'],
    ["with half a pair", `{${HERE}"\\ud800":{${F32}}}`, "a key must be Unicode: it has half of a pair of surrogates"],
    [
      "with a pair the wrong way round",
      `{"__metadata__":{"k":${HERE}"\\udc00\\ud800"}}`,
      '__metadata__."k" must be Unicode: it has half of a pair of surrogates',
    ],
  ],
  "__metadata__ is an object of texts": [
    ...valuesBut("object").map(([kind, json, quoted]): Case => [
      kind,
      `{"__metadata__":${HERE}${json}}`,
      `__metadata__ must be {…}, got ${quoted}`,
    ]),
    ...valuesBut("text").map(([kind, json, quoted]): Case => [
      `a text that is ${kind}`,
      `{"__metadata__":{"k":${HERE}${json}}}`,
      `__metadata__."k" must be a text, got ${quoted}`,
    ]),
  ],
  "a tensor is an object of three members": [
    ...valuesBut("object").map(([kind, json, quoted]): Case => [kind, `{"a":${HERE}${json}}`, `tensor "a" must be {…}, got ${quoted}`]),
    ["none", `{"a":${HERE}{}}`, `tensor "a": must have the keys ${KEYS}`],
    ["no dtype", `{"a":${HERE}{"shape":[1],"data_offsets":[0,4]}}`, `tensor "a": must have the keys ${KEYS}`],
    ["no shape", `{"a":${HERE}{"dtype":"F32","data_offsets":[0,4]}}`, `tensor "a": must have the keys ${KEYS}`],
    ["no data_offsets", `{"a":${HERE}{"dtype":"F32","shape":[1]}}`, `tensor "a": must have the keys ${KEYS}`],
    ["a fourth", `{"a":{${F32},${HERE}"strides":[1]}}`, `tensor "a": may have the keys ${KEYS}, got "strides"`],
    ["a key in capitals", `{"a":{${HERE}"Dtype":"F32","shape":[1]}}`, `tensor "a": may have the keys ${KEYS}, got "Dtype"`],
    ["constructor", `{"a":{${HERE}"constructor":{}}}`, `tensor "a": may have the keys ${KEYS}, got "constructor"`],
  ],
  "dtype is known": [
    ...valuesBut("text").map(([kind, json, quoted]): Case => [
      kind,
      `{"a":{"dtype":${HERE}${json}}}`,
      `tensor "a": dtype must be a text, got ${quoted}`,
    ]),
    ...["F8_E4M3", "U16", "C64", "f32", "float32", "", " F32", "F32 ", "toString", "constructor", "F".repeat(70)].map((dtype): Case => [
      `"${dtype}"`,
      `{"a":{"dtype":${HERE}"${dtype}"}}`,
      `tensor "a": dtype must be one of ${DTYPES}, got "${dtype.length > 60 ? `${dtype.slice(0, 60)}…` : dtype}"`,
    ]),
  ],
  "shape is a list of lengths": [
    ...valuesBut("list").map(([kind, json, quoted]): Case => [
      kind,
      `{"a":{"shape":${HERE}${json}}}`,
      `tensor "a": shape must be […], got ${quoted}`,
    ]),
    ...wrongCount.map(([kind, json, quoted]): Case => [
      `a length ${kind}`,
      `{"a":{"shape":[2,${HERE}${json}]}}`,
      `tensor "a": shape: each ${COUNT}, got ${quoted}`,
    ]),
    ["never closed", `{"a":{"shape":[1${HERE}}}`, 'tensor "a": shape must go on with a comma or end with ], got "}"'],
    ["without a comma", `{"a":{"shape":[1 ${HERE}2]}}`, 'tensor "a": shape must go on with a comma or end with ], got "2"'],
    ["with a hexadecimal length", `{"a":{"shape":[0${HERE}x4]}}`, 'tensor "a": shape must go on with a comma or end with ], got "x4"'],
    [
      "with a product of 2^54",
      `{"a":{"dtype":"U8","shape":${HERE}[134217728,134217728],"data_offsets":[0,4]}}`,
      'tensor "a": [134217728, 134217728] of U8 takes more than 2^53 − 1 bytes',
    ],
    [
      "with a product of 2^64, which is 0 in 64 bits",
      `{"a":{"dtype":"U8","shape":${HERE}[4294967296,4294967296],"data_offsets":[0,0]}}`,
      'tensor "a": [4294967296, 4294967296] of U8 takes more than 2^53 − 1 bytes',
    ],
    [
      "with a product of 2^50, of numbers of eight bytes",
      `{"a":{"dtype":"F64","shape":${HERE}[1125899906842624],"data_offsets":[0,0]}}`,
      'tensor "a": [1125899906842624] of F64 takes more than 2^53 − 1 bytes',
    ],
    [
      "with a product beyond all doubles",
      `{"a":{"dtype":"U8","shape":${HERE}[${Array.from({ length: 30 }, () => "4503599627370496").join(",")}],"data_offsets":[0,0]}}`,
      'tensor "a": [4503599627370496, 4503599627370496, 4503599627370496, 450359…] of U8 takes more than 2^53 − 1 bytes',
    ],
  ],
  "data_offsets are two, and fit": [
    ...valuesBut("list").map(([kind, json, quoted]): Case => [
      kind,
      `{"a":{"data_offsets":${HERE}${json}}}`,
      `tensor "a": data_offsets must be […], got ${quoted}`,
    ]),
    ...wrongCount.map(([kind, json, quoted]): Case => [
      `an end ${kind}`,
      `{"a":{"data_offsets":[0,${HERE}${json}]}}`,
      `tensor "a": data_offsets: each ${COUNT}, got ${quoted}`,
    ]),
    ...(["", "0", "0,4,8"] as const).map((list): Case => [
      `[${list}]`,
      `{"a":{"dtype":"F32","shape":[1],"data_offsets":${HERE}[${list}]}}`,
      `tensor "a": data_offsets must be [begin, end] with begin ≤ end, got [${list.replaceAll(",", ", ")}]`,
    ]),
    [
      "[4, 0]",
      `{"a":{"dtype":"F32","shape":[1],"data_offsets":${HERE}[4,0]}}`,
      'tensor "a": data_offsets must be [begin, end] with begin ≤ end, got [4, 0]',
    ],
    ...(["F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL"] as const).flatMap((dtype): readonly Case[] => {
      const width = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 }[dtype];
      return [6 * width - 1, 6 * width + 1].map((end): Case => [
        `${end} bytes for six ${dtype}`,
        `{"a":{"dtype":"${dtype}","shape":[2,3],"data_offsets":${HERE}[0,${end}]}}`,
        `tensor "a": [2, 3] of ${dtype} takes ${6 * width} bytes, data_offsets give ${end}`,
      ]);
    }),
    [
      "bytes for an empty tensor",
      `{"a":{"dtype":"F32","shape":[0,3],"data_offsets":${HERE}[0,4]}}`,
      'tensor "a": [0, 3] of F32 takes 0 bytes, data_offsets give 4',
    ],
    [
      "none for a scalar",
      `{"a":{"dtype":"F32","shape":[],"data_offsets":${HERE}[0,0]}}`,
      'tensor "a": [] of F32 takes 4 bytes, data_offsets give 0',
    ],
  ],
};

describe.each(Object.entries(cases))("%s; refused is", (_, rows) => {
  it.each(rows)("%s", (_, header, rule) => {
    expect(() => parseSafetensors(fileOf(header, 64))).toThrow(refusal(placeOf(header), rule));
  });
});

describe("the header is as long as it says; refused is", () => {
  const claiming = (length: bigint, size: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  };

  it.each<readonly [why: string, bytes: Uint8Array, offset: number, rule: string]>([
    ["no byte", new Uint8Array(0), 0, "a file begins with 8 bytes of header length, it has 0"],
    ["seven bytes", new Uint8Array(7), 7, "a file begins with 8 bytes of header length, it has 7"],
    ["a length of zero", new Uint8Array(8), 8, "the header must begin with {"],
    ["one byte too few", fileOf("{}").subarray(0, 9), 9, "the file is truncated: its header ends at byte 10"],
    ["100 MB of nothing", claiming(100_000_000n, 16), 16, "the file is truncated: its header ends at byte 100000008"],
    ["more than 100 MB", claiming(100_000_001n, 16), 0, "the header may have 100000000 bytes, it claims 100000001"],
    ["2^53 + 1 bytes", claiming(2n ** 53n + 1n, 16), 0, "the header may have 100000000 bytes, it claims 9007199254740993"],
    ["2^64 − 1 bytes", claiming(2n ** 64n - 1n, 16), 0, "the header may have 100000000 bytes, it claims 18446744073709551615"],
    [
      "a length in big-endian",
      fileOf("{}").map((byte, i) => (i === 0 ? 0 : i === 7 ? 2 : byte)),
      0,
      "the header may have 100000000 bytes, it claims 144115188075855872",
    ],
    ["a header cut off in a string", fileOf('{"a').subarray(0, 11), 11, "a key must end with a quotation mark, the JSON ends there"],
  ])("%s", (_, bytes, offset, rule) => {
    expect(() => parseSafetensors(bytes)).toThrow(refusal(offset, rule));
  });
});

describe("the header is UTF-8; refused is", () => {
  it.each<readonly [why: string, bytes: readonly number[]]>([
    ["an invalid first byte", [0xff]],
    ["a continuation byte without a beginning", [0x80]],
    ["a character cut short", [0xc3]],
    ["an overlong character", [0xc0, 0xaf]],
    ["a half of a pair", [0xed, 0xa0, 0x80]],
    ["a character beyond the last", [0xf4, 0x90, 0x80, 0x80]],
  ])("%s", (_, odd) => {
    const name = [...Buffer.from('{"ü":"'), ...odd, ...Buffer.from('"}')];
    const inKey = Uint8Array.from([...Buffer.from('{"'), ...odd, ...Buffer.from('":{}}')]);
    const inText = Uint8Array.from([...Buffer.from('{"__metadata__":'), ...name, ...Buffer.from("}")]);
    expect(() => parseSafetensors(fileOf(inKey))).toThrow(refusal(9, "a key must be UTF-8"));
    expect(() => parseSafetensors(fileOf(inText))).toThrow(refusal(30, '__metadata__."ü" must be UTF-8'));
  });
});

describe("the tensors cover every byte once; refused is", () => {
  type Range = readonly [name: string, begin: number, end: number];
  it.each<readonly [why: string, ranges: readonly Range[], dataBytes: number, offset: number, rule: string]>([
    ["no tensor, one byte", [], 1, 0, "1 bytes after the last tensor belong to no tensor"],
    ["a byte after the last", [["a", 0, 4]], 5, 4, "1 bytes after the last tensor belong to no tensor"],
    ["a byte before the first", [["a", 1, 5]], 5, 0, '1 bytes before tensor "a" belong to no tensor'],
    [
      "a gap",
      [
        ["a", 0, 4],
        ["b", 8, 12],
      ],
      12,
      4,
      '4 bytes before tensor "b" belong to no tensor',
    ],
    [
      "a gap before an empty tensor",
      [
        ["a", 0, 4],
        ["b", 5, 5],
      ],
      5,
      4,
      '1 bytes before tensor "b" belong to no tensor',
    ],
    [
      "an overlap of one byte",
      [
        ["a", 0, 4],
        ["b", 3, 7],
      ],
      7,
      3,
      'tensor "b" overlaps the one before it',
    ],
    [
      "an overlap, the later one first",
      [
        ["b", 3, 7],
        ["a", 0, 4],
      ],
      7,
      3,
      'tensor "b" overlaps the one before it',
    ],
    [
      "the same bytes twice",
      [
        ["a", 0, 4],
        ["b", 0, 4],
      ],
      4,
      0,
      'tensor "b" overlaps the one before it',
    ],
    [
      "one in another",
      [
        ["a", 0, 8],
        ["b", 2, 4],
      ],
      8,
      2,
      'tensor "b" overlaps the one before it',
    ],
    [
      "an empty one in another",
      [
        ["a", 0, 4],
        ["b", 2, 2],
      ],
      4,
      2,
      'tensor "b" overlaps the one before it',
    ],
    [
      "a gap that compensates for an overlap",
      [
        ["a", 0, 4],
        ["b", 2, 6],
        ["c", 8, 10],
      ],
      10,
      2,
      'tensor "b" overlaps the one before it',
    ],
    ["one byte too few", [["a", 0, 4]], 3, 3, 'the file is truncated: tensor "a" ends at byte END'],
    ["no byte at all", [["a", 0, 4]], 0, 0, 'the file is truncated: tensor "a" ends at byte END'],
    [
      "an empty one beyond the end",
      [
        ["a", 0, 4],
        ["b", 9, 9],
      ],
      4,
      4,
      '5 bytes before tensor "b" belong to no tensor',
    ],
    ["the largest end", [["a", 0, 2 ** 53 - 1]], 4, 4, 'the file is truncated: tensor "a" ends at byte END'],
  ])("%s", (_, ranges, dataBytes, offset, rule) => {
    const header = `{${ranges.map(([name, begin, end]) => `"${name}":{${tensor("U8", [end - begin], begin, end)}}`).join(",")}}`;
    const start = 8 + header.length;
    const end = start + Math.max(0, ...ranges.map(([, , end]) => end));
    expect(() => parseSafetensors(fileOf(header, dataBytes))).toThrow(refusal(start + offset, rule.replace("END", `${end}`)));
  });
});

describe("a BOOL is 0 or 1; refused is", () => {
  it.each([2, 3, 127, 128, 254, 255])("%i", (byte) => {
    const header = `{"a":{${tensor("U8", [3], 0, 3)}},"b":{${tensor("BOOL", [2, 2], 3, 7)}}}`;
    const file = fileOf(header, [255, 254, 2, 0, 1, byte, 0]);
    expect(() => parseSafetensors(file)).toThrow(refusal(8 + header.length + 5, `tensor "b": a BOOL must be 0 or 1, got ${byte}`));
  });
});
