/** Files of one array: numpy's own files, and invalid ones. */
import { describe, expect, it } from "vitest";
import { NpyError, parseNpy, writeNpy } from "../../src/io/numpy/npy.ts";
import { numbersOf, type Stored } from "../../src/io/weights/stored.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { npyOf } from "./npyFiles.ts";

const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe("numpy's files", () => {
  const quarters = Float32Array.from(counted(24), (i) => i * 0.75);

  it.each(["f4", "version2", "version3"])("%s.npy is read", (name) => {
    expect(parseNpy(bytesOf(`numpy/${name}.npy`))).toEqual({ dtype: "F32", shape: [2, 3, 4], data: quarters });
  });

  it("in Fortran order are read in C order", () => {
    const { shape, data } = parseNpy(bytesOf("numpy/fortran.npy"));
    expect(shape).toEqual([2, 3, 4]);
    expect([...data]).toEqual(counted(24));
  });

  it("of one number have no axes", () => {
    expect(parseNpy(bytesOf("numpy/scalar.npy"))).toEqual({ dtype: "F32", shape: [], data: Float32Array.of(2.5) });
  });

  it("of booleans are bytes", () => {
    expect(parseNpy(bytesOf("numpy/b1.npy"))).toEqual({ dtype: "BOOL", shape: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 0, 1) });
  });

  it.each(["f4", "b1", "scalar"])("%s.npy is written byte for byte", (name) => {
    const file = bytesOf(`numpy/${name}.npy`);
    expect(writeNpy(parseNpy(file))).toEqual(new Uint8Array(file));
  });
});

describe("a file that is written", () => {
  it("holds BF16 as F32, with the same numbers", () => {
    const stored: Stored = { dtype: "BF16", shape: [3], data: Uint16Array.of(0x3f80, 0x4049, 0xff80) };
    const read = parseNpy(writeNpy(stored));
    expect(read.dtype).toBe("F32");
    expect(numbersOf(read)).toEqual(numbersOf(stored));
  });

  it("must have as many numbers as its shape says", () => {
    expect(() => writeNpy({ dtype: "F32", shape: [2, 2], data: new Float32Array(3) })).toThrow(
      "writeNpy: the array must have 4 numbers (from [2, 2]), got 3",
    );
  });

  it("must have BOOLs of 0 and 1", () => {
    expect(() => writeNpy({ dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 2) })).toThrow(
      "writeNpy: the array must have BOOLs of 0 or 1",
    );
  });

  it("may have a long shape", () => {
    const shape = Array.from({ length: 64 }, () => 1);
    expect(parseNpy(writeNpy({ dtype: "U8", shape, data: Uint8Array.of(7) }))).toEqual({ dtype: "U8", shape, data: Uint8Array.of(7) });
  });
});

describe("what Python accepts is read", () => {
  it.each([
    `{"shape":(2,),"descr":"<i4","fortran_order":False}`,
    ` { 'fortran_order' : False,\t'descr':'<i4', 'shape' :(  2 , ) , } \n \n`,
    `{'descr': '<i4', 'fortran_order': True, 'shape': (2,)}`,
    `{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2)}`,
    `{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2, )}`,
  ])("%s", (header) => {
    expect([...parseNpy(npyOf(header, 8)).data]).toEqual([0, 0]);
  });

  it("an array without numbers", () => {
    expect(parseNpy(npyOf(`{'descr': '<f2', 'fortran_order': True, 'shape': (3, 0, 2)}`))).toEqual({
      dtype: "F16",
      shape: [3, 0, 2],
      data: new Uint16Array(0),
    });
  });
});

const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
const shaped = (shape: string): Uint8Array => npyOf(`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}}`, 8);
const described = (descr: string): Uint8Array => npyOf(`{'descr': ${descr}, 'fortran_order': False, 'shape': (2,)}`, 8);
/** The positions of the shape and of descr in these files. */
const [SHAPE, DESCR] = [10 + 50, 10 + 10];

function changed(at: number, ...to: readonly number[]): Uint8Array {
  const bytes = npyOf(good, 8);
  bytes.set(to, at);
  return bytes;
}

describe("a file is refused", () => {
  it.each<readonly [why: string, bytes: Uint8Array, offset: number, rule: string]>([
    ["that is empty", new Uint8Array(0), 0, "must begin with \\x93NUMPY"],
    ["with another first byte", changed(0, 0x92), 0, "must begin with \\x93NUMPY"],
    ["with another name", changed(5, 0x79), 5, "must begin with \\x93NUMPY"],
    ["that ends in its name", npyOf(good).subarray(0, 4), 4, "must begin with \\x93NUMPY"],
    ["that ends before its version", npyOf(good).subarray(0, 7), 7, "truncated: its version"],
    ["of version 0.0", changed(6, 0), 6, "must be 1.0, 2.0 or 3.0, got 0.0"],
    ["of version 4.0", changed(6, 4), 6, "must be 1.0, 2.0 or 3.0, got 4.0"],
    ["of version 1.1", changed(7, 1), 6, "must be 1.0, 2.0 or 3.0, got 1.1"],
    ["that ends before its header's length", npyOf(good).subarray(0, 9), 9, "truncated: the length of its header"],
    ["of version 2.0 that ends there", changed(6, 2).subarray(0, 11), 11, "truncated: the length of its header"],
    ["with a header beyond the end", changed(8, 255, 0).subarray(0, 70), 70, "truncated: its header ends at byte 265"],
    ["with a header over 10 kB", npyOf(good + " ".repeat(10_000)), 8, "may have 10000 bytes, it claims 10055"],
    ["of version 3.0 with a header of 4 GB", changed(6, 3, 0, 255, 255, 255, 255), 8, "may have 10000 bytes, it claims 4294967295"],
    ["with an empty header", npyOf(""), 10, "must have { here"],
    ["with a list for a header", npyOf("[]"), 10, "must be a dictionary"],
    ["with a tuple for a header", npyOf("()"), 10, "must have { here"],
    ["with a call for a header", npyOf("__import__('os').system('x')"), 10, "must be a dictionary"],
    ["with more after the header", npyOf(`${good}, 1`), 65, 'must have nothing more here, got ","'],
    ["without descr", npyOf("{'fortran_order': False, 'shape': (2,)}"), 10, "must have the keys descr, fortran_order and shape"],
    ["without fortran_order", npyOf("{'descr': '<f4', 'shape': (2,)}"), 10, "must have the keys descr, fortran_order and shape"],
    ["without shape", npyOf("{'descr': '<f4', 'fortran_order': False}"), 10, "must have the keys descr, fortran_order and shape"],
    ["with descr twice", npyOf("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"), 27, "descr occurs twice"],
    ["with shape twice", npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'shape': ()}"), 64, "shape occurs twice"],
    [
      "with fortran_order twice",
      npyOf("{'descr': '<f4', 'fortran_order': False, 'fortran_order': False, 'shape': ()}"),
      51,
      "fortran_order occurs twice",
    ],
    ["with another key", npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': ()}"), 64, "may have the keys"],
    ["with a key that is no text", npyOf("{descr: '<f4'}"), 11, "must be a dictionary"],
    ["with a number for a key", npyOf("{1: '<f4'}"), 11, "a key must be a text"],
    ["without a colon", npyOf("{'descr' '<f4'}"), 19, "must have : here"],
    ["without a comma", npyOf("{'descr': '<f4' 'fortran_order': False}"), 26, "must have , here"],
    ["with a text that does not end", npyOf("{'descr: <f4}"), 11, "must be a dictionary"],
    ["with a text with a line's end in it", npyOf("{'de\nscr': '<f4'}"), 11, "must be a dictionary"],
    ["with an escape in a text", npyOf("{'d\\x65scr': '<f4'}"), 11, "must be a dictionary"],
    ["with a comment", npyOf(`${good} # f4`), 66, "must be a dictionary"],
    ["that ends in its dictionary", npyOf("{'descr': '<f4', "), 27, "a key must be a text"],
    ["with fortran_order 0", npyOf("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}"), 44, "must be True or False"],
    ["with fortran_order None", npyOf("{'descr': '<f4', 'fortran_order': None, 'shape': ()}"), 44, "must be a dictionary"],
    ["with a list for a shape", shaped("[2]"), SHAPE, "must be a dictionary"],
    ["with a number for a shape", shaped("2"), SHAPE, "must have ( here"],
    ["with a number in parentheses for a shape", shaped("(2)"), SHAPE + 2, "must have , here"],
    ["with a negative length", shaped("(-2,)"), SHAPE + 1, "must be a dictionary"],
    ["with a fraction for a length", shaped("(2.0,)"), SHAPE + 2, "must be a dictionary"],
    ["with a leading zero", shaped("(02,)"), SHAPE + 1, "shape must have lengths"],
    ["with a text for a length", shaped("('2',)"), SHAPE + 1, "shape must have lengths"],
    ["with True for a length", shaped("(True,)"), SHAPE + 1, "shape must have lengths"],
    ["with a length of 2^53", shaped("(9007199254740992,)"), SHAPE + 1, "lengths from 0 to 2^53"],
    ["with a sum for a length", shaped("(1+1,)"), SHAPE + 2, "must be a dictionary"],
    ["with a tuple in its shape", shaped("((2,),)"), SHAPE + 1, "shape must have lengths"],
    ["with an extra comma", shaped("(2,,)"), SHAPE + 3, "shape must have lengths"],
    ["with a comma alone", shaped("(,)"), SHAPE + 1, "shape must have lengths"],
    ["with a shape that does not end", shaped("(2,"), SHAPE + 3, "shape must have lengths"],
    ["with 65 axes", shaped(`(${"1, ".repeat(65)})`), SHAPE, "may have 64 axes, it has 65"],
    ["with more than 2^53 bytes", shaped("(4503599627370496, 2)"), SHAPE, "takes more than 2^53 − 1 bytes"],
    ["with more than 2^53 numbers", shaped("(94906267, 94906267, 94906267)"), SHAPE, "takes more than 2^53 − 1 bytes"],
    ["of objects", described("'|O'"), DESCR, 'got "|O"'],
    ["of records", described("[('a', '<f4')]"), DESCR, "must be a dictionary"],
    ["of complex numbers", described("'<c8'"), DESCR, 'got "<c8"'],
    ["of texts", described("'<U4'"), DESCR, 'got "<U4"'],
    ["of unsigned 16-bit numbers", described("'<u2'"), DESCR, "must be < or > and one of f8, f4, f2, i8, i4, u1, b1"],
    ["without an order", described("'f4'"), DESCR, 'got "f4"'],
    ["of f4 in no order", described("'|f4'"), DESCR, 'got "|f4"'],
    ["in the host's order", described("'=f4'"), DESCR, 'got "=f4"'],
    ["with an empty kind", described("''"), DESCR, 'got ""'],
    ["with a kind of two lines and 200 letters", described(`'${"x".repeat(200)}'`), DESCR, `got "${"x".repeat(60)}…"`],
    ["with a missing number", npyOf(good, 7), 72, "truncated: [2] of F32 ends at byte 73"],
    ["with an extra byte", npyOf(good, 9), 73, "1 bytes after the array"],
    ["with a BOOL of 2", npyOf("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", [1, 2]), 66, "must be 0 or 1, got 2"],
  ])("%s", (_, bytes, offset, rule) => {
    expect(() => parseNpy(bytes)).toThrow(NpyError);
    expect(() => parseNpy(bytes)).toThrow(expect.objectContaining({ offset, rule: expect.stringContaining(rule) }));
    expect(() => parseNpy(bytes)).not.toThrow(/\n/);
  });
});
