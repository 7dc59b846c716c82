/** Sums over ranks, between ranks of one process: no MPI is needed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { halfSum } from "../../src/ranks/halfSum.ts";
import { gatherBytes } from "../../src/ranks/links.ts";
import { add, orderedSum } from "../../src/ranks/orderedSum.ts";
import { checkReduction } from "../../src/ranks/ranks.ts";
import { roundHalf } from "../../src/tensor/half.ts";
import { inTurns, memoryLinks } from "./memoryLinks.ts";

type Numbers = Float32Array | Float64Array;

/** The tree by its definition, over one element of ranks `from` … `to` − 1. */
function treeOf(terms: readonly number[], round: (x: number) => number, from = 0, to: number = terms.length): number {
  if (to - from === 1) return terms[from] ?? NaN;
  const middle = (from + to) / 2;
  return round(treeOf(terms, round, from, middle) + treeOf(terms, round, middle, to));
}

const tree = (all: readonly Numbers[], round: (x: number) => number): readonly number[] =>
  Array.from(all[0] ?? [], (_, i) => treeOf(all.map((numbers) => numbers[i] ?? NaN), round)); // prettier-ignore

/** The ordered sums on every rank. */
function ordered(all: readonly Numbers[]): readonly Numbers[] {
  const copies = all.map((numbers) => numbers.slice());
  const links = memoryLinks(all.length);
  inTurns(
    links.map((link, rank) => {
      const numbers = copies[rank] ?? new Float32Array();
      const half = Math.ceil(numbers.length / 2);
      return numbers instanceof Float32Array
        ? orderedSum(link, numbers, new Float32Array(half))
        : orderedSum(link, numbers, new Float64Array(half));
    }),
  );
  return copies;
}

const counts = fc.constantFrom(1, 2, 4, 8, 16);
/** f32 numbers of all sizes, zeros of both signs and infinities among them, of so many ranks. */
const rows = (count: number, length: number): fc.Arbitrary<readonly Float32Array[]> =>
  fc.array(fc.float32Array({ minLength: length, maxLength: length, noNaN: true }), { minLength: count, maxLength: count });
const drawn = fc.tuple(counts, fc.nat(70)).chain(([count, length]) => rows(count, length));

describe("an ordered sum", () => {
  it("has the bits of the binary tree over the ranks, on every rank", () => {
    fc.assert(
      fc.property(drawn, (all) => {
        const expected = Float32Array.from(tree(all, Math.fround));
        for (const found of ordered(all)) expect(found).toEqual(expected);
      }),
    );
  });

  it("of f64 is summed in f64", () => {
    const all = [0.1, 0.2, 0.3, 1e-17].map((x) => Float64Array.of(x, -x, x / 3));
    for (const found of ordered(all)) expect([...found]).toEqual(tree(all, (x) => x));
  });

  it("of more numbers than a piece has the same bits", () => {
    const all = [0, 1].map((rank) => Float32Array.from({ length: 600_003 }, (_, i) => Math.sin(i + rank)));
    const expected = Buffer.from(Float32Array.from(tree(all, Math.fround)).buffer);
    for (const { buffer } of ordered(all)) expect(expected.equals(new Uint8Array(buffer))).toBe(true);
  });

  it("of 4 ranks is that of 2 ranks which add two neighbours each", () => {
    fc.assert(
      fc.property(
        fc.nat(40).chain((length) => rows(4, length)),
        (all) => {
          const pairs = [0, 2].map((first) => {
            const sum = (all[first] ?? new Float32Array()).slice();
            add(sum, all[first + 1] ?? sum);
            return sum;
          });
          expect(ordered(all)[0]).toEqual(ordered(pairs)[0]);
        },
      ),
    );
  });

  it("differs from a sum in the order of the ranks, which the law would notice", () => {
    const all = [1, 2 ** -24, 2 ** -24, 2 ** -24].map((x) => Float32Array.of(x));
    const inOrder = all.reduce((sum, [x = 0]) => Math.fround(sum + x), 0);
    expect(ordered(all)[0]?.[0]).not.toBe(inOrder);
  });

  it("sends no more than a ring would", () => {
    const length = 1024;
    for (const count of [2, 4, 8]) {
      let bytes = 0;
      const links = memoryLinks(count).map((link) => ({ ...link, send: (to: number, sent: Uint8Array) => ((bytes += sent.length), link.send(to, sent)) })); // prettier-ignore
      inTurns(links.map((link) => orderedSum(link, new Float32Array(length), new Float32Array(length / 2))));
      expect(bytes / count).toBe(2 * 4 * length * (1 - 1 / count));
    }
  });

  it("of 3 ranks is refused, and the message names what would do", () => {
    expect(() => checkReduction({ kind: "ordered" }, 3)).toThrow(
      "3 ranks: an ordered sum needs 1, 2, 4, 8, … ranks; --reduce fast takes any number",
    );
    for (const count of [1, 2, 64]) expect(() => checkReduction({ kind: "ordered" }, count)).not.toThrow();
  });
});

describe("a sum with halves on the wire", () => {
  const summed = (all: readonly Float32Array[]): readonly Float32Array[] => {
    const copies = all.map((numbers) => numbers.slice());
    inTurns(memoryLinks(all.length).map((link, rank) => halfSum(link, copies[rank] ?? new Float32Array())));
    return copies;
  };

  it("rounds terms and sums to f16, and adds in f32 in the order of the ranks, on any number of ranks", () => {
    const some = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.nat(40)).chain(([count, length]) => rows(count, length));
    fc.assert(
      fc.property(some, (all) => {
        const expected = (all[0] ?? []).map((_, i) =>
          roundHalf(all.reduce((sum, numbers) => Math.fround(sum + roundHalf(numbers[i] ?? NaN)), 0)),
        );
        for (const found of summed(all)) expect(found).toEqual(expected);
      }),
    );
  });

  it("is infinite beyond the largest f16", () => {
    expect(summed([Float32Array.of(60_000, -1e9), Float32Array.of(6_000, 0)])[1]).toEqual(Float32Array.of(Infinity, -Infinity));
  });
});

describe("gathering", () => {
  it("gives each rank the bytes of all, of different lengths, in the order of the ranks", () => {
    for (const count of [1, 2, 3, 5]) {
      const expected = Array.from({ length: count }, (_, rank) => new Uint8Array(2 * rank).fill(rank));
      for (const found of inTurns(memoryLinks(count).map((link, rank) => gatherBytes(link, expected[rank] ?? new Uint8Array()))))
        expect(found).toEqual(expected);
    }
  });
});
