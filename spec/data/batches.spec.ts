import { describe, expect, it } from "vitest";
import { epochOrder, evaluationBatches, stepsPerEpoch, trainingBatch } from "../../src/data/batches.ts";
import { synthetic } from "../../src/data/synthetic.ts";
import { keyOf } from "../../src/tensor/key.ts";

const dataset = synthetic({ count: 11, channels: 1, side: 4, classes: 3 });
const settings = { mean: [0.5], std: [0.25], rotation: 0, padding: 1, flip: true };
const key = keyOf(5);

describe("the order of an epoch", () => {
  it("has every sample once", () => {
    expect(epochOrder(key, 11, 3).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("follows from key and epoch", () => {
    expect(epochOrder(key, 11, 3)).toEqual(epochOrder(key, 11, 3));
    expect(epochOrder(key, 11, 3)).not.toEqual(epochOrder(key, 11, 4));
    expect(epochOrder(key, 11, 3)).not.toEqual(epochOrder(keyOf(6), 11, 3));
  });
});

describe("stepsPerEpoch", () => {
  it("drops the last incomplete batch", () => {
    expect([stepsPerEpoch(dataset, 4), stepsPerEpoch(dataset, 11)]).toEqual([2, 1]);
  });

  it("needs one full batch", () => {
    expect(() => stepsPerEpoch(dataset, 12)).toThrow(
      "data: synthetic:11 has 11 images, too few for a batch of 12; the largest batch is 11",
    );
  });
});

describe("a training batch", () => {
  const batch = trainingBatch(dataset, [4, 9, 2], settings, { key, epoch: 7 });

  it("has the images and labels of its samples", () => {
    expect(batch.images.shape).toEqual([3, 1, 4, 4]);
    expect(batch.labels).toEqual([1, 0, 2]);
  });

  it("is the same each time it is made", () => {
    expect(trainingBatch(dataset, [4, 9, 2], settings, { key, epoch: 7 })).toEqual(batch);
  });

  it("shows a sample by (key, epoch, sample), wherever it is in the batch", () => {
    const other = trainingBatch(dataset, [0, 4], settings, { key, epoch: 7 });
    expect(other.images.data.subarray(16)).toEqual(batch.images.data.subarray(0, 16));
  });

  it("shows a sample differently in other epochs", () => {
    const views = new Set([0, 1, 2, 3, 4, 5].map((epoch) => trainingBatch(dataset, [4], settings, { key, epoch }).images.data.join()));
    expect(views.size).toBeGreaterThan(2);
  });

  it("is augmented before it is normalised: pixels outside the image are black", () => {
    const white = { ...dataset, pixels: () => new Float64Array(16).fill(1) };
    const values = new Set([0, 1, 2, 3, 4, 5].flatMap((epoch) => [...trainingBatch(white, [4], settings, { key, epoch }).images.data]));
    expect([...values].toSorted((a, b) => a - b)).toEqual([-2, 2]);
  });
});

describe("evaluation batches", () => {
  const batches = [...evaluationBatches(dataset, 4, settings)];

  it("have every image in order, the last batch with the rest", () => {
    expect(batches.map((b) => b.labels)).toEqual([
      [0, 1, 2, 0],
      [1, 2, 0, 1],
      [2, 0, 1],
    ]);
  });

  it("are normalised but not augmented", () => {
    expect(batches[2]?.images.data.subarray(0, 16)).toEqual(dataset.pixels(8).map((pixel) => (pixel - 0.5) / 0.25));
  });
});
