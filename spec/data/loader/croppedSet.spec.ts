/** Crops of given areas: what is drawn for them, and that nothing else decides it. */
import fc from "fast-check";
import { expect, describe, it, onTestFinished } from "vitest";
import type { Rectangle, ViewDraw } from "../../../src/data/augment/draw.ts";
import { drawView, viewKey } from "../../../src/data/augment/view.ts";
import { cropJob, croppedSet, type CropSettings } from "../../../src/data/loader/croppedSet.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import type { Size } from "../../../src/data/pixels/pixels.ts";
import { folderOf } from "../sources/files.ts";

const S = 32;
const RUNS = { numRuns: 300, seed: 1 };

const drawn = (crops: CropSettings, sample: number, size: Size): ViewDraw => {
  const { key, settings } = cropJob(crops);
  return drawView(viewKey(key, 0, sample, 0), size, S, settings);
};

/** Whether a rectangle of sides that were rounded to whole pixels may have had an area in the range. */
const isWithin = ({ h, w }: Rectangle, { width, height }: Size, [from, to]: CropSettings["area"]): boolean =>
  (h + 0.5) * (w + 0.5) >= from * width * height && (h - 0.5) * (w - 0.5) <= to * width * height;

/** The ranges of the command's example, in which ten tries find a crop of an image that is not much longer than wide, or the whole image is one. */
const area = fc.constantFrom<CropSettings["area"]>([0.08, 0.2], [0.2, 0.4], [0.4, 0.6], [0.6, 0.8], [0.8, 1]);
const crops = fc.record({ area, seed: fc.nat(1000) });
const sample = fc.nat(100_000);
const side = fc.integer({ min: 8, max: 500 });

describe("a crop of a given area", () => {
  it("has an area in its range, up to rounding to whole pixels, and is a part of the image", () => {
    fc.assert(
      fc.property(crops, sample, side, fc.double({ min: 0.95, max: 1.05, noNaN: true }), (of, i, height, aspect) => {
        const size = { width: Math.round(height * aspect), height };
        const { crop } = drawn(of, i, size);
        expect(isWithin(crop, size, of.area)).toBe(true);
        expect(Math.min(crop.top, crop.left, size.height - crop.top - crop.h, size.width - crop.left - crop.w)).toBeGreaterThanOrEqual(0);
      }),
      RUNS,
    );
  });

  it("of another range would be noticed", () => {
    const size = { width: 100, height: 100 };
    const places = Array.from({ length: 200 }, (_, i) => drawn({ area: [0.08, 1], seed: 0 }, i, size).crop);
    const inside = places.filter((crop) => isWithin(crop, size, [0.2, 0.4])).length;
    expect(inside).toBeGreaterThan(20);
    expect(inside).toBeLessThan(100);
  });

  it("is drawn by seed, sample and range alone", () => {
    const size = { width: 300, height: 280 };
    fc.assert(
      fc.property(crops, sample, (of, i) => {
        const found = drawn(of, i, size);
        expect(drawn({ ...of, area: [...of.area] }, i, size)).toEqual(found);
        expect(drawn({ ...of, seed: of.seed + 1 }, i, size)).not.toEqual(found);
        expect(drawn(of, i + 1, size)).not.toEqual(found);
        expect(drawn({ ...of, area: [0.01, 0.02] }, i, size)).not.toEqual(found);
      }),
      RUNS,
    );
  });

  it("is all that is drawn: nothing is mirrored, changed in colour or erased", () => {
    fc.assert(
      fc.property(crops, sample, (of, i) => {
        const { crop: _, ...others } = drawn(of, i, { width: 40, height: 40 });
        expect(others).toEqual({ flip: false, ops: [], erasing: null });
      }),
      RUNS,
    );
  });

  it("is the centre that training falls back to, of another area, in an image too narrow for its range", () => {
    expect(drawn({ area: [0.8, 1], seed: 0 }, 0, { width: 400, height: 100 }).crop).toEqual({ top: 0, left: 133, h: 100, w: 133 });
  });
});

describe("a set of crops", () => {
  const photographs = ["landscape.jpg", "portrait.jpg", "natural3.jpg", "gray.jpg", "rgba.png"];

  it("shows the same pixels and labels whatever the batch and the number of workers", async () => {
    const path = folderOf(photographs.map((name, i) => [`class${i % 2}/${i}-${name}`, name] as const));
    const pixelsBy = async (batch: number, workers: number): Promise<readonly (readonly number[])[]> => {
      const dataset = openDataset(path, { channels: 3, side: S, classes: 2 });
      const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
      const settings = { dataset, side: S, normalisation, batch, workers, onReplaced: null };
      const set = croppedSet(settings, { area: [0.2, 0.4], seed: 5 });
      onTestFinished(async () => {
        await set.close();
        dataset.close();
      });
      const images: (readonly number[])[] = [];
      for await (const { pixels, labels } of set.batches()) {
        const length = pixels.length / labels.length;
        images.push(...labels.map((label, i) => [label, ...Array.from(pixels).slice(i * length, (i + 1) * length)]));
      }
      return images;
    };
    const alone = await pixelsBy(5, 0);
    expect(alone).toHaveLength(photographs.length);
    for (const [batch, workers] of [
      [1, 0],
      [2, 1],
      [3, 2],
    ] as const)
      expect(await pixelsBy(batch, workers)).toEqual(alone);
  });

  it("refuses an area that is not possible", () => {
    const dataset = openDataset("synthetic:3", { channels: 1, side: 4, classes: 3 });
    const settings = { dataset, side: 4, normalisation: { mean: [0], std: [1] }, batch: 3, workers: 0, onReplaced: null };
    expect(() => croppedSet(settings, { area: [0, 0.5], seed: 0 })).toThrow(
      "augmentation: area must be two numbers with 0 < least ≤ largest ≤ 1, got 0, 0.5",
    );
  });
});
