/** The loader: the same batches however many workers make them, and what happens to images and workers that fail. */
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { deitSettings, type AugmentSettings } from "../../../src/data/augment/settings.ts";
import { digestOfBatch } from "../../../src/data/loader/digest.ts";
import { openLoader, type Loader, type LoaderSettings } from "../../../src/data/loader/loader.ts";
import { inOrder, trainingOrder, type BatchRequest } from "../../../src/data/loader/sampler.ts";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import { keyOf } from "../../../src/tensor/key.ts";
import { bytesOf, folderOf, type Files } from "../sources/files.ts";

/** Each worker's `on` is called when a loader starts it, which shows the worker to a test that ends it. */
const listening = vi.spyOn(Worker.prototype, "on");

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
  listening.mockClear();
});
afterAll(() => listening.mockRestore());

const settings: AugmentSettings = { ...deitSettings, erasing: 0.5 };
const key = keyOf(11);
const SIDE = 40;
const names = ["landscape.jpg", "portrait.jpg", "natural3.jpg", "gray.jpg", "rgba.png", "palette.png", "lossy.webp", "cmyk.jpg"];
const photographs: Files = names.flatMap((name, i) => [0, 1].map((copy) => [`class${i % 2}/${copy}-${name}`, name] as const));

function setOf(files: Files): Dataset {
  const dataset = openDataset(folderOf(files), { channels: 3, side: SIDE, classes: 2 });
  open.push(dataset);
  return dataset;
}

function loaderOf(dataset: Dataset, changes: Partial<LoaderSettings> = {}): Loader {
  const loader = openLoader({
    dataset,
    job: { kind: "augment", key, settings },
    batch: 5,
    side: SIDE,
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    workers: 0,
    onReplaced: null,
    ...changes,
  });
  open.push(loader);
  return loader;
}

async function digests(loader: Loader, requests: Iterable<BatchRequest>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const batch of loader.batches(requests)) found.push(digestOfBatch(batch));
  return found;
}

/** Requests of the steps from `first` to `last`. */
function steps(dataset: Dataset, first: number, last: number): readonly BatchRequest[] {
  const { request } = trainingOrder(key, dataset, { batch: 5, repeats: 1, replicas: 1 });
  return Array.from({ length: last - first }, (_, i) => request(first + i));
}

describe("batches", () => {
  it("are the same from 0, 1, 2 and 4 workers, also from the middle of an epoch on", async () => {
    const dataset = setOf(photographs);
    const whole = await digests(loaderOf(dataset), steps(dataset, 0, 8));
    expect(new Set(whole).size).toBe(8);
    for (const workers of [1, 2, 4]) expect(await digests(loaderOf(dataset, { workers }), steps(dataset, 0, 8))).toEqual(whole);
    for (const workers of [0, 2]) expect(await digests(loaderOf(dataset, { workers }), steps(dataset, 4, 8))).toEqual(whole.slice(4));
  });

  it("of small images too, and of an evaluation whose last batch is smaller", async () => {
    const dataset = openDataset("digits:test", { channels: 1, side: 16, classes: 10 });
    const job = { kind: "preprocess", convention: "deit" } as const;
    const of = (workers: number): Loader =>
      loaderOf(dataset, { job, batch: 50, side: 16, normalisation: { mean: [0.5], std: [0.5] }, workers });
    const whole = await digests(of(0), inOrder(dataset.count, 50));
    expect(whole).toHaveLength(8);
    expect(await digests(of(3), inOrder(dataset.count, 50))).toEqual(whole);
  });

  it("can be made again by the same loader after an iteration that was left early", async () => {
    const dataset = setOf(photographs);
    const loader = loaderOf(dataset, { workers: 2 });
    const whole = await digests(loaderOf(dataset), steps(dataset, 0, 3));
    for await (const batch of loader.batches(steps(dataset, 0, 3))) {
      expect(digestOfBatch(batch)).toBe(whole[0]);
      break;
    }
    expect(await digests(loader, steps(dataset, 0, 3))).toEqual(whole);
  });

  it("hold the erased rectangles with as many normal numbers as they have pixels", async () => {
    const dataset = setOf(photographs);
    const erased = [];
    for await (const batch of loaderOf(dataset).batches(steps(dataset, 0, 3))) erased.push(...batch.erased);
    expect(erased.length).toBeGreaterThan(3);
    for (const { top, left, h, w, noise } of erased) {
      expect([top + h <= SIDE, left + w <= SIDE, noise.length === 3 * h * w]).toEqual([true, true, true]);
      expect(Math.abs(noise.reduce((sum, x) => sum + x, 0) / noise.length)).toBeLessThan(5 / Math.sqrt(noise.length));
    }
  });

  it("take the time of their images apart", async () => {
    const loader = loaderOf(setOf(photographs), { workers: 1 });
    await digests(loader, steps(setOf(photographs), 0, 2));
    const { decode, crop, augment, other } = loader.times();
    for (const part of [decode, crop, augment, other]) expect(part).toBeGreaterThan(0);
  });
});

/** More than a hundred images, so that one of them may be corrupt. */
const many: Files = Array.from({ length: 110 }, (_, i) => [`class${i % 2}/${String(i).padStart(3, "0")}.png`, "palette1.png"] as const);

describe("an image that cannot be decoded", () => {
  const broken: Files = [...many, ["class1/text.jpg", bytesOf("this is a text")]];

  it("is named once, and another takes its place, the same for any number of workers", async () => {
    const dataset = setOf(broken);
    const [one, other] = [[] as string[], [] as string[]];
    const requests = [...steps(dataset, 0, 22), ...steps(dataset, 22, 44)];
    const whole = await digests(loaderOf(dataset, { onReplaced: (line) => one.push(line) }), requests);
    expect(await digests(loaderOf(dataset, { workers: 2, onReplaced: (line) => other.push(line) }), requests)).toEqual(whole);
    expect(one).toHaveLength(1);
    expect(one[0]).toMatch(/^data: .*: class1\/text\.jpg: is not a JPEG, PNG or WebP image.*; another image takes its place$/);
    expect(other).toEqual(one);
  });

  it("is an error where no other may take its place", async () => {
    const dataset = setOf(broken);
    const all = inOrder(dataset.count, 5);
    await expect(digests(loaderOf(dataset, { workers: 1 }), all)).rejects.toThrow(/class1\/text\.jpg: is not a JPEG/);
    await expect(digests(loaderOf(dataset), inOrder(dataset.count, 5))).rejects.toThrow(/class1\/text\.jpg: is not a JPEG/);
  });

  it("is an error before its batch is given out, even if the caller comes late for it", async () => {
    const dataset = setOf(broken);
    const [first, last] = [[...inOrder(dataset.count, 5)].at(0), [...inOrder(dataset.count, 5)].at(-1)];
    if (first === undefined || last === undefined) throw new Error("no batches");
    const batches = loaderOf(dataset, { workers: 1 }).batches([first, last]);
    const taken = async (): Promise<void> => {
      await batches.next();
      const late = performance.now() + 500; // busy, so that it hears of nothing while the worker makes the last batch
      while (performance.now() < late);
      await batches.next();
    };
    await expect(taken()).rejects.toThrow(/class1\/text\.jpg: is not a JPEG/);
  });

  it("ends the loader if more than one in a hundred is like it", async () => {
    const dataset = setOf([...broken, ["class0/zz.jpg", bytesOf("another")]]);
    const loader = loaderOf(dataset, { workers: 2, onReplaced: () => undefined });
    await expect(digests(loader, inOrder(dataset.count, 5))).rejects.toThrow(
      /^data: 2 of 112 images are corrupt, more than 1 %: .*zz\.jpg.*text\.jpg/,
    );
  });
});

describe("a worker that ends", () => {
  it("while it makes an image ends the loader, and the image is named", async () => {
    const { default: sharp } = await import("sharp");
    const large = await sharp({ create: { width: 10_000, height: 10_000, channels: 3, background: "red" } })
      .png()
      .toBuffer(); // takes so long to decode that the worker is certainly at it
    const path = folderOf([
      ["class0/a.png", large],
      ["class1/b.png", large],
    ]);
    const dataset = openDataset(path, { channels: 3, side: SIDE, classes: 2 });
    open.push(dataset);
    const batches = loaderOf(dataset, { workers: 1, batch: 2 }).batches([...inOrder(2, 2), ...inOrder(2, 2), ...inOrder(2, 2)]);
    await batches.next();
    await setTimeout(100); // the next image is under way
    const [worker] = listening.mock.contexts;
    if (worker instanceof Worker) await worker.terminate();
    const rest = async (): Promise<void> => {
      for await (const _ of batches);
    };
    await expect(rest()).rejects.toThrow(/^data: a worker thread ended \(exit code 1\) while it made .*: class[01]\/[ab]\.png$/);
  });

  it("at its start ends the loader with its reason", async () => {
    const dataset = setOf(photographs);
    const gone: Dataset = { ...dataset, handle: { kind: "named", text: "nothing", shape: { channels: 3, side: SIDE, classes: 2 } } };
    await expect(digests(loaderOf(gone, { workers: 1 }), steps(dataset, 0, 1))).rejects.toThrow(/unknown data set "nothing"/);
  });
});
