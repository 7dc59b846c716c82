/** Subsets with as many images of each class: what `data.images` of a recipe draws. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import { balanced } from "../../../src/data/sources/subset.ts";
import { keyOf } from "../../../src/tensor/key.ts";

const CLASSES = 4;
const some = openDataset("synthetic:4", { channels: 1, side: 2, classes: CLASSES });

const labelled = (labels: readonly number[]): Dataset => ({ ...some, name: "drawn", count: labels.length, label: (i) => labels[i] ?? 0 });

const labels = fc.array(fc.nat(CLASSES - 1), { minLength: 1, maxLength: 60 });
/** Labels, a number of images, and a seed. */
const drawn = fc.tuple(labels, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat()).map(([of, share, seed]) => ({
  of,
  set: labelled(of),
  most: Math.round(share * of.length),
  seed,
}));

const countsIn = (of: readonly number[], samples: Iterable<number>): readonly number[] => {
  const found = [...samples].map((i) => of[i]);
  return Array.from({ length: CLASSES }, (_, c) => found.filter((label) => label === c).length);
};

describe("a balanced subset", () => {
  it("has as many images as were asked for, each once, in ascending order", () => {
    fc.assert(
      fc.property(drawn, ({ set, most, seed }) => {
        const samples = balanced(set, most, keyOf(seed));
        expect(samples).toHaveLength(most);
        expect(samples).toEqual([...new Set(samples)].toSorted((a, b) => a - b));
      }),
    );
  });

  it("has as many of each class, or all of a class that has fewer", () => {
    fc.assert(
      fc.property(drawn, ({ of, set, most, seed }) => {
        const [all, found] = [countsIn(of, of.keys()), countsIn(of, balanced(set, most, keyOf(seed)))];
        const largest = Math.max(...found);
        for (const [c, n] of found.entries()) expect(n >= largest - 1 || n === all[c]).toBe(true);
      }),
    );
  });

  it("is a part of each larger one of the same key", () => {
    fc.assert(
      fc.property(drawn, ({ of, set, most, seed }) => {
        const larger = new Set(balanced(set, Math.min(of.length, most + 3), keyOf(seed)));
        expect(balanced(set, most, keyOf(seed)).every((i) => larger.has(i))).toBe(true);
      }),
    );
  });

  it("is another one for another key", () => {
    const set = labelled(Array.from({ length: 400 }, (_, i) => i % CLASSES));
    expect(balanced(set, 40, keyOf(0))).not.toEqual(balanced(set, 40, keyOf(1)));
  });

  it("is refused where there are not so many", () => {
    expect(() => balanced(labelled([0, 1, 2]), 4, keyOf(0))).toThrow("data: drawn has 3 images, 4 were asked for");
  });
});
