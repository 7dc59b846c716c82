import fc from "fast-check";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import { datasetFrom } from "../../../src/data/sources/from.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import { spread, subset } from "../../../src/data/sources/subset.ts";
import { archiveOf, fingerprint, fingerprints, folderOf, indices, listed, shardsOf, type Files } from "./files.ts";

const FILES: Files = [["a/1.png", "rgba.png"], ["b/2.png", "palette.png"], ["b/3.jpg", "gray.jpg"]]; // prettier-ignore
const two = { channels: 3, side: 32, classes: 2 };
const ten = { ...two, classes: 10 };

const sources: readonly (readonly [string, () => Dataset])[] = [
  ["a folder", () => openDataset(folderOf(FILES), two)],
  ["an archive", () => openDataset(archiveOf(FILES), two)],
  ["shards", () => openDataset(shardsOf(FILES, FILES), two)],
  ["binary CIFAR", () => openDataset(`cifar10:${folderOf([["test_batch.bin", new Uint8Array(2 * 3073).map((_, i) => i % 10)]])}`, ten)],
  ["digits", () => subset(openDataset("digits", { channels: 1, side: 16, classes: 10 }), [5, 0, 359])],
  ["synthetic images", () => openDataset("synthetic:4", { channels: 2, side: 6, classes: 3 })],
  ["a subset of a subset", () => subset(subset(openDataset(archiveOf(FILES), two), [2, 0, 1]), [1, 0])],
];

describe("datasetFrom", () => {
  it.each(sources)("opens %s again in another thread: the same images, labels and names", async (_, open) => {
    const set = open();
    const again = datasetFrom(structuredClone(set.handle)); // what a message to a worker does
    const plain = ({ name, classes, channels, side, count, digest }: Dataset): unknown => [name, classes, channels, side, count, digest];
    expect(plain(again)).toEqual(plain(set));
    expect(listed(again)).toEqual(listed(set));
    expect(await fingerprints(again)).toEqual(await fingerprints(set));
    for (const one of [set, again]) one.close();
  });

  it("uses the same memory: nothing large is copied", () => {
    const set = openDataset(archiveOf(FILES), two);
    const handle = structuredClone(set.handle);
    if (handle.kind !== "photographs" || set.handle.kind !== "photographs") throw new Error("an archive holds photographs");
    const [theirs, own] = [new Uint8Array(handle.index.columns), new Uint8Array(set.handle.index.columns)];
    own[own.length - 1] = 7;
    expect(theirs.at(-1)).toBe(7);
  });

  it("opens files on its own: closing one set does not close the other", async () => {
    const set = openDataset(archiveOf(FILES), two);
    const again = datasetFrom(structuredClone(set.handle));
    const image = await set.image(0);
    set.close();
    expect(fingerprint(await again.image(0))).toBe(fingerprint(image));
    again.close();
  });
});

describe("a file that is gone", () => {
  it("is an error that names the image", async () => {
    const path = folderOf(FILES);
    const set = openDataset(path, two);
    rmSync(join(path, "b/2.png"));
    await expect(set.image(1)).rejects.toThrow(`${path}: b/2.png: ENOENT`);
    writeFileSync(join(path, "b/2.png"), "");
    await expect(set.image(1)).rejects.toThrow(`${path}: b/2.png: the file is empty, not a JPEG, PNG or WebP image`);
  });
});

describe("subset", () => {
  it("has the images of its indices, in their order", async () => {
    const set = openDataset("synthetic:9", { channels: 1, side: 4, classes: 4 });
    const some = subset(set, [7, 2, 2]);
    expect([some.count, ...indices(some).map(some.label), some.nameOf(0)]).toEqual([3, 3, 2, 2, "synthetic:9: image 7"]);
    const all = await fingerprints(set);
    expect(await fingerprints(some)).toEqual([7, 2, 2].map((i) => all[i]));
  });

  it("has a digest by its indices and their order", () => {
    const set = openDataset("synthetic:9", { channels: 1, side: 4, classes: 4 });
    const digests = [set, subset(set, [1, 2]), subset(set, [2, 1]), subset(set, [1])].map(({ digest }) => digest);
    expect([new Set(digests).size, subset(set, [1, 2]).digest]).toEqual([4, digests[1]]);
  });
});

describe("spread", () => {
  it("is as many indices as it may be, rising, evenly apart, and begins with 0", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (count, most) => {
        const chosen = spread(count, most);
        expect(chosen).toHaveLength(Math.min(count, most));
        expect([chosen[0], (chosen.at(-1) ?? 0) < count]).toEqual([0, true]);
        const gaps = new Set(chosen.slice(1).map((index, i) => index - (chosen[i] ?? 0)));
        const gap = count / Math.min(count, most);
        for (const one of gaps) expect([Math.floor(gap), Math.ceil(gap)]).toContain(one);
      }),
    );
  });
});
