/** Packing f32 into F16 words and back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packHalves, roundHalf, unpackHalves, widenHalf } from "../../src/tensor/half.ts";

/** All F16 words that are no NaN. */
const words = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7fff) <= 0x7c00);

describe("halves", () => {
  it("are unpacked as they are widened, all of them", () => {
    expect(Float64Array.from(unpackHalves(words))).toEqual(widenHalf(words));
    expect(unpackHalves(Uint16Array.of(0x7e00, 0xfc01))).toEqual(Float32Array.of(NaN, NaN));
  });

  it("are packed again into the same words, all of them", () => {
    expect(packHalves(unpackHalves(words))).toEqual(words);
  });

  it("are packed as they are rounded, ties included", () => {
    const rounded = (numbers: Float32Array): void => {
      const plusZero = (x: number): number => x + 0; // `roundHalf` makes 0 of a tiny negative number, packing −0
      expect(unpackHalves(packHalves(numbers)).map(plusZero)).toEqual(Float32Array.from(numbers, roundHalf).map(plusZero));
    };
    fc.assert(fc.property(fc.float32Array({ maxLength: 50 }), rounded));
    const finite = unpackHalves(words.filter((bits) => bits < 0x7bff));
    const next = unpackHalves(words.filter((bits) => bits > 0 && bits < 0x7c00));
    rounded(finite.map((x, i) => (x + (next[i] ?? 0)) / 2));
    rounded(Float32Array.of(65_519, 65_520, 65_536, -1e30, 2 ** -25, 2 ** -26, -0, Infinity, NaN));
  });
});
