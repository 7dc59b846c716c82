import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corruptTally, replacementOf, type CorruptSample } from "../../../src/data/sources/replace.ts";
import { keyOf } from "../../../src/tensor/key.ts";

describe("replacementOf", () => {
  it("is another sample of the set, and the same at each call", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 2000 }), fc.nat(), fc.nat(20), (seed, count, i, attempt) => {
        const [key, sample] = [keyOf(seed), i % count];
        const other = replacementOf(key, sample, attempt, count);
        expect(Number.isInteger(other) && other >= 0 && other < count && other !== sample).toBe(true);
        expect(replacementOf(key, sample, attempt, count)).toBe(other);
      }),
    );
  });

  it("can be any of the others, about equally often", () => {
    const drawn = Array.from({ length: 4000 }, (_, attempt) => replacementOf(keyOf(1), 2, attempt, 5));
    for (const other of [0, 1, 3, 4]) expect(Math.abs(drawn.filter((j) => j === other).length - 1000)).toBeLessThan(150);
  });

  it("depends on key, sample and attempt", () => {
    const drawn = (seed: number, sample: number, attempt: number): readonly number[] =>
      Array.from({ length: 4 }, (_, i) => replacementOf(keyOf(seed), sample, attempt + i, 1_000_000));
    const base = drawn(1, 10, 0);
    for (const other of [drawn(2, 10, 0), drawn(1, 11, 0), drawn(1, 10, 4)]) expect(other).not.toEqual(base);
  });

  it("does not exist in a set of one image", () => {
    expect(() => replacementOf(keyOf(1), 0, 0, 1)).toThrow("data: sample 0 cannot be replaced: the set has 1 images");
  });
});

const corrupt = (sample: number): CorruptSample => ({ sample, message: `set: ${sample}.jpg: is damaged` });
const several = (n: number): readonly CorruptSample[] => Array.from({ length: n }, (_, i) => corrupt(i));

describe("corruptTally", () => {
  it.each([
    [1, 0],
    [99, 0],
    [100, 1],
    [250, 2],
    [2900, 29],
    [1_281_167, 12_811],
  ])("of %i images accepts %i corrupt ones, but not one more", (count, most) => {
    const tally = corruptTally(count);
    tally.add(several(most));
    expect(() => tally.add([corrupt(most)])).toThrow(`data: ${most + 1} of ${count} image`);
  });

  it("counts an image once", () => {
    const tally = corruptTally(100);
    for (let i = 0; i < 5; i++) tally.add([corrupt(7)]);
    expect(tally.samples()).toEqual([corrupt(7)]);
  });

  it("names the only one", () => {
    expect(() => corruptTally(3).add([corrupt(1)])).toThrow("data: 1 of 3 images is corrupt, more than 1 %: set: 1.jpg: is damaged");
  });

  it("names the first ten in the order of the set, in one line", () => {
    const tally = corruptTally(1100);
    tally.add(several(11).toReversed());
    const named = several(10).map(({ message }) => message);
    expect(() => tally.add([corrupt(500)])).toThrow(
      new RangeError(`data: 12 of 1100 images are corrupt, more than 1 %: ${[...named, "and 2 more"].join("; ")}`),
    );
  });
});
