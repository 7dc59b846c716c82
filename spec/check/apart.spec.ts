/** The promises of docs/checking-gradients.md about the numbers that checkGradient draws. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayArbitrary, arraysArbitrary, checkGradient, type HostArray } from "../../src/check.ts";
import { apart, CELLS, distances } from "../../src/check/gradient/apart.ts";
import { array, at } from "../helpers/plainOps.ts";

/** The least distance between two of these values. */
const leastGap = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.min(...sorted.slice(1).map((value, i) => value - (sorted[i] ?? NaN)));
};
const toMultiple = (of: number, value: number): number => Math.abs(value - of * Math.round(value / of));

/** The magnitudes of the numbers, and of all their sums, differences and products with each other and with themselves. */
const pairsOf = (numbers: readonly number[]): readonly number[] =>
  numbers.flatMap((a, i) => [a, 2 * a, a * a, ...numbers.slice(0, i).flatMap((b) => [a + b, a - b, a * b])]).map(Math.abs);

/** A little less, to allow for rounding errors of the differences below. */
const nearly = (distance: number): number => distance * (1 - 1e-6);

const cells = (count: number, most: number): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.integer({ min: -1 - most, max: most }), { minLength: count, maxLength: count });

const counts = [0, 1, 2, 5, 12, 36, 64];
const manyCounts = [...counts, 65, 300, 3000];
/** Numbers are drawn from all cells, and from the two smallest, as in shrunk cases. */
const MOST = [CELLS - 1, 0];

describe("numbers that are drawn apart", () => {
  it.each(manyCounts)("keep min(1/256, 1/4n) from each other, with either sign, and 1/256 from the multiples of 1/32: n = %d", (count) => {
    expect(distances(count).numbers).toBe(Math.min(1 / 256, 1 / (4 * count)));
    for (const most of count <= 300 ? MOST : [CELLS - 1])
      fc.assert(
        fc.property(cells(count, most), fc.nat(), (drawn, seed) => {
          const magnitudes = Array.from(apart(drawn, seed), Math.abs);
          expect(leastGap(magnitudes)).toBeGreaterThanOrEqual(nearly(distances(count).numbers));
          for (const one of magnitudes) expect(toMultiple(1 / 32, one)).toBeGreaterThanOrEqual(1 / 256);
          expect(Math.max(0, ...magnitudes)).toBeLessThan(3);
        }),
        { seed: 1, numRuns: 5 },
      );
  });

  it.each(counts)("keep their sums, differences and products min(1e-6, 1/32n³) from each other and from the multiples of ¼: n = %d", (count) => {
    const distance = distances(count).pairs;
    expect(distance).toBe(Math.min(1e-6, 1 / (32 * count ** 3)));
    for (const most of MOST)
      fc.assert(
        fc.property(cells(count, most), fc.nat(), (drawn, seed) => {
          const pairs = pairsOf([...apart(drawn, seed)]);
          expect(leastGap(pairs)).toBeGreaterThanOrEqual(nearly(distance));
          expect(Math.min(Infinity, ...pairs.map((pair) => toMultiple(1 / 4, pair)))).toBeGreaterThanOrEqual(nearly(distance));
        }),
        { seed: 2, numRuns: 5 },
      );
  }); // prettier-ignore

  it("lie in the given cells where these have room", () => {
    expect([...apart([-CELLS, -1, 0, CELLS - 1], 7)].map((x) => Math.floor(32 * x))).toEqual([-CELLS, -1, 0, CELLS - 1]);
  });

  it("are the same for the same seed, and different for another", () => {
    expect(apart([3, -4], 1)).toEqual(apart([3, -4], 1));
    expect(apart([3, -4], 1)).not.toEqual(apart([3, -4], 2));
  });
});

describe("arrays of shapes", () => {
  const together = (inputs: readonly HostArray[]): readonly number[] => inputs.flatMap(({ data }) => [...data]);

  it("are drawn apart from each other, scalars and large ones too", () => {
    fc.assert(
      fc.property(arraysArbitrary({ x: [4], y: [2, 3], s: [], none: [0], large: [70] }), (drawn) => {
        expect(Object.values(drawn).map(({ shape }) => shape)).toEqual([[4], [2, 3], [], [0], [70]]);
        const magnitudes = together(Object.values(drawn)).map(Math.abs);
        expect(leastGap(magnitudes)).toBeGreaterThanOrEqual(nearly(1 / (4 * 81)));
      }),
      { seed: 3, numRuns: 20 },
    );
  });

  it("are drawn in this way by checkGradient, which leaves arbitraries among them unchanged", async () => {
    const drawn: (readonly HostArray[])[] = [];
    await checkGradient({
      name: "sum",
      inputs: { x: [3], given: fc.constant(array([3], [0, 0.5, 0.5])), y: [3] },
      forward: ({ x, given, y }) => {
        drawn.push([x, y, given]);
        return array([3], x.data.map((v, i) => v + at(y, i) + at(given, i))); // prettier-ignore
      },
      vjp: (inputs, dOut) => {
        expect(Object.keys(inputs)).toEqual(["x", "given", "y"]);
        expect([...inputs.given.data].every((v, i) => Math.abs(v - (i === 0 ? 0 : 0.5)) < 1e-12)).toBe(true);
        expect(leastGap(pairsOf(together([inputs.x, inputs.y])))).toBeGreaterThan(0.99e-6);
        return { x: dOut, given: dOut, y: dOut };
      },
    });
    expect(drawn.length).toBeGreaterThan(100);
  });

  it("have no number in common, even if they are drawn one by one", () => {
    fc.assert(
      fc.property(arrayArbitrary([4]), arrayArbitrary([4]), (x, y) => {
        expect(leastGap(together([x, y]))).toBeGreaterThan(0);
      }),
      { seed: 4 },
    );
  });
});
