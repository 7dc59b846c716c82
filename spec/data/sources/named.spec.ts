import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { digits } from "../../../src/data/sources/digits.ts";
import { knownData, openDataset } from "../../../src/data/sources/open.ts";
import { synthetic } from "../../../src/data/sources/synthetic.ts";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import { allImages, indices } from "./files.ts";

const shape = { channels: 1, side: 8, classes: 10 };

const pixels = async (dataset: Dataset, i: number): Promise<Uint8Array> => (await dataset.image(i)).data;

describe("openDataset", () => {
  it.each([
    ["digits", "digits:test", 360],
    ["digits:test", "digits:test", 360],
    ["digits:train", "digits:train", 1437],
    ["synthetic:7", "synthetic:7", 7],
  ])("opens %s as %s", async (text, name, count) => {
    const dataset = openDataset(text, shape);
    expect([dataset.name, dataset.count, dataset.classes.length, dataset.channels, dataset.side]).toEqual([name, count, 10, 1, 8]);
    expect(dataset.nameOf(3)).toBe(`${name}: image 3`);
    const { width, height, channels, data } = await dataset.image(3);
    expect([width, height, channels, data.length]).toEqual([8, 8, 1, 64]);
    dataset.close();
  });

  it.each([
    ["mnist", shape, `data: unknown data set "mnist"; known: ${knownData.join(", ")}`],
    ["", shape, 'data: unknown data set ""; known: digits[:train|test], cifar10:PATH[:train|test], '],
    ["nowhere.tar:val", shape, 'data: unknown data set "nowhere.tar:val"; known: '],
    ["digits:all", shape, 'data: digits has the splits train and test, got "all"'],
    ["synthetic", shape, 'data: synthetic:N needs a positive integer N, got ""'],
    ["synthetic:-3", shape, 'data: synthetic:N needs a positive integer N, got "-3"'],
    ["digits", { ...shape, channels: 2 }, "data: digits:test has images of 1 channels, the model takes 2"],
    ["digits", { ...shape, classes: 1000 }, "data: digits has 10 classes, the model has 1000"],
    ["digits", { ...shape, side: 10 }, "digits: the image size must be a multiple of 8, got 10"],
  ])("refuses %j", (text, wanted, message) => {
    const open = (): unknown => openDataset(text, wanted);
    expect(open).toThrow(RangeError);
    expect(open).toThrow(message);
  });
});

describe("digits", () => {
  const folder = new URL("../../../fixtures/digits/", import.meta.url);
  const [train, test] = [digits("train", 8), digits("test", 8)];

  /** The first line of the source's table. */
  const first = [
    [0, 0, 5, 13, 9, 1, 0, 0],
    [0, 0, 13, 15, 10, 15, 5, 0],
    [0, 3, 15, 2, 0, 11, 8, 0],
    [0, 4, 12, 0, 0, 8, 8, 0],
    [0, 5, 8, 0, 0, 9, 8, 0],
    [0, 4, 11, 0, 1, 12, 7, 0],
    [0, 2, 14, 5, 10, 12, 0, 0],
    [0, 0, 6, 13, 10, 0, 0, 0],
  ].flat();

  it("are the file whose digest is in the fixture's README", () => {
    const digest = createHash("sha256")
      .update(readFileSync(new URL("digits.safetensors", folder)))
      .digest("hex");
    expect(readFileSync(new URL("README.md", folder), "utf8")).toContain(digest);
  });

  it("begin as the source does, 0 to 16 spread over the byte", async () => {
    expect([train.label(0), train.label(1), train.label(2)]).toEqual([0, 1, 2]);
    expect([...(await pixels(train, 0))]).toEqual(first.map((ink) => Math.round((ink * 255) / 16)));
    expect(new Set((await allImages(train)).flatMap(({ data }) => [...data])).size).toBe(17);
  });

  it("have every class in the test part, 33 to 37 times", () => {
    const labels = indices(test).map(test.label);
    expect(test.classes.map((_, c) => labels.filter((label) => label === c).length)).toEqual([35, 36, 35, 37, 37, 37, 37, 36, 33, 37]);
  });

  it("are enlarged by repetition: each pixel becomes a square", async () => {
    const [small, large] = [await pixels(test, 7), await pixels(digits("test", 24), 7)];
    for (let row = 0; row < 24; row++)
      for (let column = 0; column < 24; column++)
        expect(large[row * 24 + column]).toBe(small[Math.floor(row / 3) * 8 + Math.floor(column / 3)]);
  });

  it("are new arrays at each call", async () => {
    (await pixels(train, 3)).fill(99);
    expect(await pixels(train, 3)).not.toContain(99);
  });

  it("have a digest by split and size", () => {
    const digests = [train, test, digits("train", 16)].map(({ digest }) => digest);
    expect([new Set(digests).size, digits("train", 8).digest]).toEqual([3, digests[0]]);
  });
});

describe("synthetic images", () => {
  const dataset = synthetic(60, { channels: 2, side: 6, classes: 5 });

  it("have the requested size", async () => {
    expect(await dataset.image(0)).toMatchObject({ width: 6, height: 6, channels: 2 });
    expect(await pixels(dataset, 0)).toHaveLength(2 * 6 * 6);
  });

  it("are the same each time they are made, and differ within a class", async () => {
    expect(await pixels(synthetic(60, { channels: 2, side: 6, classes: 5 }), 17)).toEqual(await pixels(dataset, 17));
    expect(await pixels(dataset, 0)).not.toEqual(await pixels(dataset, 5));
  });

  it("use the whole range of bytes in each channel", async () => {
    const all = (await allImages(dataset)).map(({ data }) => [...data]);
    for (const c of [0, 1]) {
      const values = all.flatMap((image) => image.filter((_, at) => at % 2 === c));
      expect([Math.min(...values) < 10, Math.max(...values) > 245]).toEqual([true, true]);
    }
  });

  it("cycle through the classes", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(dataset.label)).toEqual([0, 1, 2, 3, 4, 0, 1]);
  });

  it("can be learned: most of them are nearest to the mean of their own class", async () => {
    const images = (await allImages(dataset)).map(({ data }) => [...data]);
    const means = dataset.classes.map((_, c) => {
      const own = images.filter((_, i) => dataset.label(i) === c);
      return (own[0] ?? []).map((_, at) => own.reduce((sum, image) => sum + (image[at] ?? 0), 0) / own.length);
    });
    const apart = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + (x - (b[i] ?? 0)) ** 2, 0);
    const nearest = (image: readonly number[]): number => {
      const distances = means.map((mean) => apart(image, mean));
      return distances.indexOf(Math.min(...distances));
    };
    const right = images.filter((image, i) => nearest(image) === dataset.label(i)).length;
    expect(right / dataset.count).toBeGreaterThan(0.9);
  });

  it("have a digest by all that they depend on", () => {
    const digests = [
      synthetic(60, { channels: 2, side: 6, classes: 5 }),
      synthetic(61, { channels: 2, side: 6, classes: 5 }),
      synthetic(60, { channels: 1, side: 6, classes: 5 }),
      synthetic(60, { channels: 2, side: 7, classes: 5 }),
      synthetic(60, { channels: 2, side: 6, classes: 6 }),
    ].map(({ digest }) => digest);
    expect([new Set(digests).size, digests[0]]).toEqual([5, dataset.digest]);
  });
});
