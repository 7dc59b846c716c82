import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold, keyOf, normalAt, normals, permutation, philox, uniform53At, uniformAt, uniforms, type Key } from "../../src/tensor/key.ts";

const hex = (words: readonly number[]): string => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");

/** Any 32 bits; the extreme words cause the most carries. */
const word = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff));

const [HIGH, LOW] = [(x: bigint): bigint => x >> 32n, (x: bigint): bigint => x & 0xffffffffn];

/** Salmon et al., section 4, with integers of any length. */
function philoxByBigInt(counter: readonly number[], key: readonly number[]): readonly number[] {
  let [[c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n], [k0 = 0n, k1 = 0n]] = [counter.map(BigInt), key.map(BigInt)];
  for (let round = 0; round < 10; round++) {
    const [product0, product1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [HIGH(product1) ^ c1 ^ k0, LOW(product1), HIGH(product0) ^ c3 ^ k1, LOW(product0)];
    [k0, k1] = [LOW(k0 + 0x9e3779b9n), LOW(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

describe("Philox 4×32-10", () => {
  // the known answers published with Random123 (kat_vectors)
  it.each([
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ] as const)("gives the published answer for counter %j and key %j", (counter, key, answer) => {
    expect(hex(philox(counter, key))).toBe(answer);
  });

  it("is ten rounds with 64-bit products, for any counter and key", () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(philox(counter, key)).toEqual(philoxByBigInt(counter, key));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("keys", () => {
  it("folded with different names or numbers differ, and with equal ones are equal", () => {
    const key = keyOf(7);
    const words = [fold(key, "a"), fold(key, "b"), fold(key, "ab"), fold(key, 0), fold(key, 1), fold(fold(key, "a"), "b")].map((k) =>
      k.words.join(),
    );
    expect(new Set(words).size).toBe(words.length);
    expect(fold(key, "blocks.3.attn")).toEqual(fold(keyOf(7), "blocks.3.attn"));
  });

  it("depend on both halves of the seed", () => {
    expect(keyOf(1).words).not.toEqual(keyOf(1 + 2 ** 32).words);
  });

  it("refuse a seed that is not a natural number", () => {
    expect(() => keyOf(-1)).toThrow("key: seed must be an integer from 0 to 2^53 - 1, got -1");
    expect(() => keyOf(0.5)).toThrow(RangeError);
  });
});

describe("draw i is a function of key and i", () => {
  const key = fc.tuple(word, word).map((words) => ({ words }));
  const index = fc.oneof(fc.nat(10_000), fc.maxSafeNat());
  /** The block of four words with number i. */
  const blockOf = ({ words }: Key, i: number): readonly number[] => philox([i % 2 ** 32, Math.floor(i / 2 ** 32), 0, 0], words);
  const fraction53 = (high = NaN, low = NaN): number => Number((BigInt(high >>> 5) << 26n) | BigInt(low >>> 6)) / 2 ** 53;

  it("uniform: the upper 24 bits of word i mod 4 of block ⌊i/4⌋", () => {
    fc.assert(
      fc.property(key, index, (k, i) => {
        expect(uniformAt(k, i)).toBe(((blockOf(k, Math.floor(i / 4))[i % 4] ?? NaN) >>> 8) / 2 ** 24);
      }),
    );
  });

  it("uniform53: the upper 53 bits of the first two words of block i", () => {
    fc.assert(
      fc.property(key, index, (k, i) => {
        expect(uniform53At(k, i)).toBe(fraction53(...blockOf(k, i).slice(0, 2)));
      }),
    );
  });

  it("normal: by Box and Muller from the two halves of block i", () => {
    const boxMuller = ([a, b, c, d]: readonly number[]): number =>
      Math.sqrt(-2 * Math.log(1 - fraction53(a, b))) * Math.cos(2 * Math.PI * fraction53(c, d));
    fc.assert(
      fc.property(key, index, (k, i) => {
        expect(normalAt(k, i)).toBe(boxMuller(blockOf(k, i)));
      }),
    );
  });

  it("uniforms: those of uniformAt, whatever their number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 30 }), (seed, length) => {
        const k = keyOf(seed);
        expect([...uniforms(k, length)]).toEqual(Array.from({ length }, (_, i) => uniformAt(k, i)));
      }),
    );
  });

  it("normals: by Box and Muller from either half of block ⌊i/4⌋, whatever their number", () => {
    const pair = (a: number, b: number): readonly number[] => {
      const [radius, angle] = [Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32)), (2 * Math.PI * b) / 2 ** 32];
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    };
    fc.assert(
      fc.property(key, fc.integer({ min: 0, max: 40 }), (k, length) => {
        const blocks = Array.from({ length: Math.ceil(length / 4) }, (_, i) => blockOf(k, i));
        const expected = blocks.flatMap(([a = NaN, b = NaN, c = NaN, d = NaN]) => [...pair(a, b), ...pair(c, d)]).slice(0, length);
        const drawn = normals(k, length);
        expect(drawn.length).toBe(length);
        expect(Math.max(0, ...expected.map((value, i) => Math.abs(value - (drawn[i] ?? NaN))))).toBeLessThan(1e-6);
      }),
    );
  });
});

describe("draws", () => {
  const n = 20_000;
  const draws = (f: (i: number) => number): readonly number[] => Array.from({ length: n }, (_, i) => f(i));
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

  it.each([
    ["uniform", uniformAt],
    ["uniform53", uniform53At],
  ] as const)("%s lie in [0, 1) with mean ½ and variance 1/12, within 5 deviations", (_, at) => {
    const xs = draws((i) => at(keyOf(3), i));
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...xs)).toBeLessThan(1);
    expect(Math.abs(mean(xs) - 0.5) / Math.sqrt(1 / 12 / n)).toBeLessThan(5);
    expect(Math.abs(mean(xs.map((x) => (x - 0.5) ** 2)) - 1 / 12) / Math.sqrt(1 / 180 / n)).toBeLessThan(5);
  });

  it("uniform are multiples of 2⁻²⁴, exact in f32", () => {
    expect(draws((i) => uniformAt(keyOf(3), i)).every((x) => Math.fround(x) === x && Number.isInteger(x * 2 ** 24))).toBe(true);
  });

  it("normal have mean 0, variance 1 and fourth moment 3, within 5 deviations", () => {
    const xs = draws((i) => normalAt(keyOf(4), i));
    expect(Math.abs(mean(xs)) * Math.sqrt(n)).toBeLessThan(5);
    expect(Math.abs(mean(xs.map((x) => x ** 2)) - 1) * Math.sqrt(n / 2)).toBeLessThan(5);
    expect(Math.abs(mean(xs.map((x) => x ** 4)) - 3) * Math.sqrt(n / 96)).toBeLessThan(5);
  });

  it("a permutation holds every index once and moves most of them", () => {
    const order = permutation(keyOf(5), 1000);
    expect(new Set(order).size).toBe(1000);
    expect(order.filter((x, i) => x === i).length).toBeLessThan(10);
  });
});
