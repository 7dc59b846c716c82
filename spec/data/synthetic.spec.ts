import { describe, expect, it } from "vitest";
import { synthetic } from "../../src/data/synthetic.ts";

const dataset = synthetic({ count: 60, channels: 2, side: 6, classes: 5 });
const all = Array.from({ length: dataset.count }, (_, i) => i);

/** Squared distance. */
const apart = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + (x - (b[i] ?? 0)) ** 2, 0);

describe("synthetic images", () => {
  it("have the requested size", () => {
    expect(dataset.pixels(0)).toHaveLength(2 * 6 * 6);
  });

  it("lie between 0 and 1", () => {
    for (const i of all) for (const pixel of dataset.pixels(i)) expect(pixel >= 0 && pixel <= 1).toBe(true);
  });

  it("are the same each time they are made", () => {
    expect(synthetic({ count: 60, channels: 2, side: 6, classes: 5 }).pixels(17)).toEqual(dataset.pixels(17));
  });

  it("differ within a class", () => {
    expect(dataset.pixels(0)).not.toEqual(dataset.pixels(5));
  });

  it("cycle through the classes", () => {
    expect(all.slice(0, 7).map(dataset.label)).toEqual([0, 1, 2, 3, 4, 0, 1]);
  });

  it("can be learned: most of them are nearest to the mean of their own class", () => {
    const means = dataset.classes.map((_, c) => {
      const own = all.filter((i) => dataset.label(i) === c).map(dataset.pixels);
      return dataset.pixels(0).map((_, at) => own.reduce((sum, image) => sum + (image[at] ?? 0), 0) / own.length);
    });
    const nearest = (image: Float64Array): number => {
      const distances = means.map((mean) => apart(image, mean));
      return distances.indexOf(Math.min(...distances));
    };
    const right = all.filter((i) => nearest(dataset.pixels(i)) === dataset.label(i)).length;
    expect(right / dataset.count).toBeGreaterThan(0.9);
  });
});
