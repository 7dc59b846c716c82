/** Files of torch.save that break a rule are refused with the byte and the rule, and nothing in them is run. */
import { describe, expect, it } from "vitest";
import { parsePth, PthError } from "../../../src/io/pth/pth.ts";
import { stateDictOf } from "../../../src/io/pth/stateDict.ts";
import { WeightsError } from "../../../src/io/weights/weights.ts";
import {
  archive,
  build,
  call,
  dict,
  FALSE,
  global,
  int,
  legacy,
  legacyStart,
  list,
  long,
  MARK,
  op,
  parts,
  pickle,
  REDUCE,
  storage,
  tensor,
  text,
  tuple,
  type Bytes,
  type TensorParts,
} from "./pickles.ts";

const read = (file: Uint8Array): unknown => stateDictOf(parsePth(file), false);
const ofValue = (...value: readonly Bytes[]): Uint8Array => legacy(pickle(...value));
const ofTensor = (parts: TensorParts): Uint8Array => ofValue(dict([text("x"), tensor(parts)]));
const whole = ofTensor({});
const zipped = (members?: Readonly<Record<string, Bytes>>): Uint8Array => archive(pickle(dict([text("x"), tensor()])), members);
const zeros = (length: number): Bytes => [...new Uint8Array(length)];

it("the file that the cases start from is valid in both forms", () => {
  const expected = new Map([["x", { dtype: "F32", shape: [2, 2], data: new Float32Array(4) }]]);
  expect(read(whole)).toEqual(expected);
  expect(read(zipped())).toEqual(expected);
});

it.each([3, 4])("the form before torch 1.6 may have protocol %i", (protocol) => {
  const file = Uint8Array.from(whole);
  file[1] = protocol;
  file[legacyStart + 1] = protocol;
  expect(read(file)).toEqual(read(whole));
});

/** The position of the pickle's first opcode after its protocol. */
const FIRST = legacyStart + 2;

describe("a forbidden import is refused at its opcode, whichever opcode it is", () => {
  it.each<readonly [opcode: string, at: number, name: string, value: Bytes]>([
    ["GLOBAL", 0, "os.system", global("os", "system")],
    ["GLOBAL", 0, "builtins.eval", global("builtins", "eval")],
    ["GLOBAL", 0, "torch._utils.rebuild", global("torch._utils", "rebuild")],
    ["GLOBAL", 0, "torch.load", global("torch", "load")],
    ["GLOBAL", 0, "collections.OrderedDict.fromkeys", global("collections", "OrderedDict.fromkeys")],
    ["GLOBAL", 0, "__proto__.constructor", global("__proto__", "constructor")],
    ["GLOBAL", 1, "os.system", [...MARK, ...call("os", "system", text("true"))]],
    ["STACK_GLOBAL", text("posix").length + text("system").length, "posix.system", [...text("posix"), ...text("system"), 0x93]],
    ["INST", 1, "os.system", [...MARK, ...op("i"), ...global("os", "system").slice(1)]],
  ])("%s after %i bytes: %s", (opcode, at, name, value) => {
    const place = FIRST + at;
    expect(() => read(ofValue(value))).toThrow(`pth: byte ${place}: opcode ${opcode} imports "${name}"`);
    expect(() => read(ofValue(value))).toThrow(/nothing of a pickle is run$/);
  });

  it("under an overlong name, which is not read", () => {
    expect(() => read(ofValue(global("x".repeat(300), "y")))).toThrow(`pth: byte ${FIRST + 1}: a name must end within 256 bytes`);
  });
});

describe("a pickle is refused", () => {
  const value = dict([text("x"), tensor()]);
  it.each<readonly [why: string, file: Uint8Array, rule: string]>([
    ["that does not begin with its protocol", legacy([...value, ...op(".")]), "a pickle of torch.save begins with the opcode PROTO"],
    ["of protocol 1", legacy([0x80, 1, ...value, ...op(".")]), "opcode PROTO has protocol 1; only 2 to 4 are read"],
    ["of protocol 5", legacy([0x80, 5, ...value, ...op(".")]), "opcode PROTO has protocol 5; only 2 to 4 are read"],
    ["with its protocol twice", ofValue([0x80, 2], value), "opcode PROTO is not one that torch.save writes"],
    ["with a byte that is no opcode", ofValue([0xff]), "byte 255 is no opcode of pickle"],
    ["with an int of protocol 0", ofValue(op("I", 0x31, 0x0a)), "opcode INT is not one that torch.save writes"],
    ["with an extension", ofValue([0x82, 1]), "opcode EXT1 is not one that torch.save writes"],
    ["with a persistent id as a line", ofValue(op("P", 0x30, 0x0a)), "opcode PERSID is not one that torch.save writes"],
    ["with an out-of-band buffer", ofValue([0x97]), "opcode NEXT_BUFFER is not one that torch.save writes"],
    ["with an object by its old opcode", ofValue(MARK, global("torch", "Size"), op("o")), "opcode OBJ is not one that torch.save writes"],
    ["with nothing in it", ofValue(), "opcode STOP must leave one value, not 0 and 0 marks"],
    ["with two values", ofValue(int(1), int(2)), "opcode STOP must leave one value, not 2 and 0 marks"],
    ["with a mark that stays open", ofValue(MARK, int(1)), "opcode STOP must leave one value, not 1 and 1 marks"],
    ["that takes a tuple without a mark", ofValue(op("t")), "opcode TUPLE needs a mark on the stack, which has none"],
    ["that takes two values where there is one", ofValue(int(1), [0x86]), "opcode TUPLE2 needs 2 values on the stack, which has 1"],
    ["that takes from below a mark", ofValue(int(1), MARK, [0x85]), "opcode TUPLE1 needs 1 values on the stack, which has 0"],
    ["that drops from below a mark", ofValue(int(1), MARK, op("0")), "opcode POP needs a value on the stack, which has none"],
    ["that memoises nothing", ofValue(op("q", 0)), "opcode BINPUT needs a value on the stack, which has none"],
    ["that recalls a missing value", ofValue(op("h", 7)), "opcode BINGET asks for value 7 of the memo, which does not exist"],
    ["that appends to a dictionary", ofValue(op("}"), int(1), op("a")), "opcode APPEND adds to a list, but has a dict"],
    ["that sets an item of a list", ofValue(op("]"), int(1), int(2), op("s")), "opcode SETITEM adds to a dict, but has a list"],
    ["with a key and no value", ofValue(op("}"), MARK, int(1), op("u")), "opcode SETITEMS has a key without a value"],
    ["with a list as a key", ofValue(dict([list(), int(1)])), "opcode SETITEMS uses a list as a key"],
    ["with a key twice", ofValue(dict([text("x"), int(1)], [text("x"), int(2)])), 'opcode SETITEMS sets the key "x" twice'],
    ["that calls a number", ofValue(int(1), tuple(), REDUCE), "opcode REDUCE calls a number"],
    ["that calls with a list", ofValue(global("torch", "Size"), list(), REDUCE), "opcode REDUCE calls torch.Size with a list, not a tuple"],
    ["that calls a kind of number", ofValue(call("torch", "float32")), "opcode REDUCE calls torch.float32, which may not be called"],
    ["that makes a storage", ofValue(call("torch", "FloatStorage", int(4))), "calls torch.FloatStorage, which may not be called"],
    ["that fills a dictionary by calling it", ofValue(call("collections", "OrderedDict", list())), "which may have no arguments here"],
    ["with settings given to a number", ofValue(int(1), build(dict())), "opcode BUILD gives attributes to a number"],
    ["with settings that are a tuple", ofValue(op("}"), build(tuple())), "opcode BUILD gives attributes as a tuple, not a dict"],
    ["with a size that is not a tuple", ofValue(call("torch", "Size", list(int(1)))), "calls torch.Size, which needs a tuple, got a list"],
    ["with a parameter that is not a tensor", ofValue(call("torch._utils", "_rebuild_parameter", int(1))), "needs a tensor, got a number"],
    ["with an int of 100 bytes", ofValue(long(1n, 100)), "opcode LONG1 has an int of 100 bytes; at most 64 are read"],
    ["with an int of 4 GB", ofValue([0x8b, 255, 255, 255, 255]), "opcode LONG4 has an int of 4294967295 bytes; at most 64 are read"],
    ["with a string that is not UTF-8", ofValue(op("X", 1, 0, 0, 0, 0xff)), "a string must be UTF-8"],
    ["with an import that is not a string", ofValue(int(1), int(2), [0x93]), "opcode STACK_GLOBAL needs a module and a name as strings"],
    [
      "with a million and one opcodes",
      ofValue([...new Uint8Array(1_000_001).fill(0x4e)]),
      "opcode NONE exceeds the limit of 1000000 opcodes",
    ],
  ])("%s", (_, file, rule) => {
    expect(() => read(file)).toThrow(PthError);
    expect(() => read(file)).toThrow(rule);
  });

  it.each([
    ["a string of 4 GB", op("X", 255, 255, 255, 255)],
    ["a string of 2^63 bytes", [0x8d, 0, 0, 0, 0, 0, 0, 0, 128]],
    ["bytes of 2^53 + 1", [0x8e, 1, 0, 0, 0, 0, 0, 32, 0]],
  ])("that promises %s", (_, value) => {
    expect(() => read(ofValue(value))).toThrow(/^pth: byte \d+: the pickle is truncated: \d+ bytes from byte \d+ on are missing$/);
  });
});

describe("a storage is refused", () => {
  const named = (...items: readonly Bytes[]): Uint8Array => ofTensor({ storage: [...tuple(...items), ...op("Q")] });
  const [word, of, key, place] = [text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu")];
  it.each<readonly [why: string, file: Uint8Array, rule: string]>([
    ["that is a number", ofTensor({ storage: [...int(0), ...op("Q")] }), "opcode BINPERSID must name a storage"],
    ["of another word", named(text("module"), of, key, place, int(4)), "opcode BINPERSID must name a storage"],
    ["without a class", named(word, text("FloatStorage"), key, place, int(4)), "needs the class of a storage, got a string"],
    [
      "of a class that is not a storage",
      named(word, global("torch", "Size"), key, place, int(4)),
      "needs the class of a storage, got torch.Size",
    ],
    ["of complex numbers", named(word, global("torch", "ComplexFloatStorage"), key, place, int(4)), 'imports "torch.ComplexFloatStorage"'],
    ["whose key is a number", named(word, of, int(0), place, int(4)), "needs a storage's key and location as strings"],
    ["of −1 numbers", named(word, of, key, place, int(-1)), "needs the count of the storage's numbers, got a number"],
    ["that is a view", named(word, of, key, place, int(4), tuple()), "names a view of a storage, which only torch before 0.4 wrote"],
    [
      "of two lengths",
      ofValue(list(tensor(), tensor({ storage: storage("FloatStorage", key, int(5)) }))),
      'names storage "0" as 5 of F32, but before as 4 of F32',
    ],
    [
      "of two kinds",
      ofValue(list(tensor(), tensor({ storage: storage("IntStorage") }))),
      'names storage "0" as 4 of I32, but before as 4 of F32',
    ],
  ])("%s", (_, file, rule) => {
    expect(() => read(file)).toThrow(PthError);
    expect(() => read(file)).toThrow(rule);
  });
});

describe("a tensor is refused", () => {
  const many = Array.from({ length: 65 }, () => int(1));
  const beyond = 'reaches beyond the 4 numbers of storage "0"';
  it.each<readonly [why: string, parts: TensorParts, rule: string]>([
    ["without a storage", { storage: int(1) }, "needs a storage, got a number"],
    ["with an offset before the storage", { offset: int(-1) }, "needs an offset of 0, 1, …, got a number"],
    ["with an offset that is not a number", { offset: FALSE }, "needs an offset of 0, 1, …, got a bool"],
    ["one number beyond its storage", { offset: int(1) }, `${beyond}: offset 1, shape [2, 2], strides [2, 1]`],
    ["with strides beyond its storage", { strides: tuple(int(3), int(1)) }, `${beyond}: offset 0, shape [2, 2], strides [3, 1]`],
    ["with a negative stride", { strides: tuple(int(2), int(-1)) }, "needs a stride of 0, 1, … for each of 2 axes"],
    ["with a missing stride", { strides: tuple(int(1)) }, "needs a stride of 0, 1, … for each of 2 axes"],
    ["with a negative length", { shape: tuple(int(-2), int(-2)) }, "needs a shape: a tuple of at most 64 lengths"],
    ["with a shape that is a list", { shape: list(int(2), int(2)) }, "needs a shape: a tuple of at most 64 lengths"],
    ["of 65 axes", { shape: tuple(...many), strides: tuple(...many) }, "needs a shape: a tuple of at most 64 lengths"],
    [
      "of 2^54 bytes",
      { shape: tuple(long(2n ** 52n), int(1)), strides: tuple(int(0), int(0)) },
      "cannot have the shape [4503599627370496, 1]",
    ],
    [
      "of 2^60 numbers in 2^60 rows",
      { shape: tuple(long(2n ** 60n), int(1)), strides: tuple(int(0), int(0)) },
      "needs a shape: a tuple of at most 64 lengths",
    ],
  ])("%s", (_, parts, rule) => {
    expect(() => read(ofTensor(parts))).toThrow(PthError);
    expect(() => read(ofTensor(parts))).toThrow(rule);
  });

  it("that repeats one number a billion times, before memory is allocated", () => {
    const file = ofTensor({ shape: tuple(int(2 ** 15), int(2 ** 15)), strides: tuple(int(0), int(0)) });
    expect(() => read(file)).toThrow(/^pth: byte 0: the tensors may take \d+ bytes, but claim 4294967296$/);
  });

  it("with a BOOL that is neither 0 nor 1", () => {
    const value = pickle(dict([text("x"), tensor({ storage: storage("BoolStorage") })]));
    expect(() => read(archive(value, { "a/data/0": [0, 1, 2, 0] }))).toThrow('pth: byte 0: tensor "x": a BOOL must be 0 or 1, got 2 at 2');
  });
});

describe("a file of the form before torch 1.6 is refused", () => {
  const value = pickle(dict([text("x"), tensor()]));
  it.each<readonly [why: string, file: Uint8Array, rule: string]>([
    ["with nothing in it", new Uint8Array(0), "a file of torch.save is a zip archive, or begins with the pickle of its magic number"],
    ["that is plain text", new TextEncoder().encode("weights"), "a file of torch.save is a zip archive, or begins with"],
    ["of another magic number", legacy(value, { magic: long(1n) }), "a file of torch.save must begin with its magic number"],
    ["of another version", legacy(value, { version: int(1002) }), "the version must be 1001"],
    ["of a big-endian machine", legacy(value, { system: dict([text("little_endian"), FALSE]) }), "the numbers must be little-endian"],
    ["of a machine that it does not describe", legacy(value, { system: int(1) }), "the numbers must be little-endian"],
    ["with keys that are not a list", legacy(value, { keys: tuple(text("0")) }), "the keys of the storages must be a list"],
    [
      "with a key that is not a string",
      legacy(value, { keys: list(int(0)) }),
      "a storage key is not a string, which the pickle does not name",
    ],
    [
      "with a key that the pickle does not name",
      legacy(value, { keys: list(text("1")) }),
      'a storage key is "1", which the pickle does not name',
    ],
    ["with a key twice", legacy(value, { keys: list(text("0"), text("0")) }), 'storage "0" occurs twice'],
    ["with a missing key", legacy(value, { keys: list(), data: [] }), 'the list of storages has no "0", which the pickle names'],
    ["with a storage of another length", legacy(value, { data: [5, ...zeros(27)] }), 'storage "0" must have 4 numbers, got 5'],
    ["with a storage of −1 numbers", legacy(value, { data: zeros(24).map(() => 255) }), 'storage "0" must have 4 numbers, got -1'],
    ["that ends before a storage", legacy(value, { data: [] }), 'the file is truncated: storage "0" is missing'],
    ["that ends in a storage", whole.subarray(0, -1), 'the file is truncated: storage "0" has 4 of F32'],
    ["with an extra byte", legacy(value, { data: [4, ...zeros(24)] }), "1 bytes after the last storage belong to no storage"],
  ])("%s", (_, file, rule) => {
    expect(() => read(file)).toThrow(PthError);
    expect(() => read(file)).toThrow(rule);
  });

  it("truncated at any byte", () => {
    for (let length = 0; length < whole.length; length++) expect(() => read(whole.subarray(0, length))).toThrow(PthError);
  });
});

describe("an archive is refused", () => {
  const data = { "a/data/0": zeros(16) };
  it.each<readonly [why: string, file: Uint8Array, rule: string]>([
    ["without a pickle", archive([], {}, "a/other.pkl"), "an archive of torch.save must have FOLDER/data.pkl"],
    ["with a pickle in no folder", archive([], {}, "data.pkl"), "an archive of torch.save must have FOLDER/data.pkl"],
    ["with two pickles", zipped({ ...data, "b/data.pkl": [] }), '"b/data.pkl" is a second pickle, after "a/data.pkl"'],
    ["without a storage", zipped({}), 'the archive has no "a/data/0", which the pickle names'],
    ["with a storage that is too short", zipped({ "a/data/0": zeros(15) }), '"a/data/0" must have 16 bytes (4 of F32), got 15'],
    ["with a storage that is too long", zipped({ "a/data/0": zeros(17) }), '"a/data/0" must have 16 bytes (4 of F32), got 17'],
    ["of big-endian numbers", zipped({ ...data, "a/byteorder": text("big").slice(5) }), 'the byte order must be "little", got "big"'],
    ["that ends too early", zipped().subarray(0, -1), "the file is truncated, or not a zip archive"],
    ["of a module with code", archive(pickle(global("__torch__", "Net"))), '"a/data.pkl": opcode GLOBAL imports "__torch__.Net"'],
  ])("%s", (_, file, rule) => {
    expect(() => read(file)).toThrow(PthError);
    expect(() => read(file)).toThrow(rule);
  });

  it("whose checksums do not match its bytes, in the pickle or in a storage", () => {
    for (const place of [parts(zipped()).pickle, parts(zipped()).storage]) {
      const file = zipped();
      file[place] = (file[place] ?? 0) ^ 1;
      expect(() => read(file)).toThrow(/the CRC-32 of "a\/data\S+" is not that of the directory$/);
    }
  });
});

describe("what was saved is refused", () => {
  it.each<readonly [why: string, file: Uint8Array, message: string]>([
    [
      "if it is a number",
      legacy(pickle(int(3)), { keys: list(), data: [] }),
      "weights: the file must hold a dictionary of tensors, but it holds a number",
    ],
    ["if it is a tensor", ofValue(tensor()), "weights: the file must hold a dictionary of tensors, but it holds a tensor"],
    [
      "with a number among the tensors",
      ofValue(dict([text("x"), tensor()], [text("y"), int(1)])),
      'weights: "y" must be a tensor, but the file has a number',
    ],
    ["with a number as a name", ofValue(dict([int(1), tensor()])), "weights: a tensor's name must be a string, but the file has a number"],
  ])("%s", (_, file, message) => {
    expect(() => read(file)).toThrow(new WeightsError(message));
  });
});

describe("a small pickle cannot cause much work", () => {
  it("by nested lists, a hundred thousand deep", () => {
    const depth = 100_000;
    const deep = [...Array.from({ length: depth }, () => 0x5d), ...Array.from({ length: depth - 1 }, () => 0x61)];
    expect(() => read(legacy(pickle(deep), { keys: list(), data: [] }))).toThrow("it holds a list");
  });

  it("by a list that holds itself", () => {
    const itself = [...op("]"), ...op("q", 0), ...op("h", 0), ...op("a")];
    expect(() => read(legacy(pickle(itself), { keys: list(), data: [] }))).toThrow("it holds a list");
  });

  it("by lists that each hold ten references to the previous list, a hundred levels deep", () => {
    const level = (i: number): Bytes => [...list(...Array.from({ length: 10 }, () => op("h", i))), ...op("q", i + 1)];
    const bomb = [
      ...list(),
      ...op("q", 0),
      ...Array.from({ length: 100 }, (_, i) => level(i)).flat(),
      ...Array.from({ length: 100 }, () => op("1")).flat(),
    ];
    expect(() => read(legacy(pickle(bomb), { keys: list(), data: [] }))).toThrow("opcode POP_MARK needs a mark");
  });
});
