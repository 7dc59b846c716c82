/** Sets of colour images for models of grey images, and the other way round. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../../src/data/pixels/cut.ts";
import { grey, greyInRgb, luma } from "../../../src/data/pixels/grey.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { imageWith } from "../../../src/data/sources/channels.ts";
import { handleBehind, type Dataset } from "../../../src/data/sources/dataset.ts";
import { datasetFrom } from "../../../src/data/sources/from.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import { subset } from "../../../src/data/sources/subset.ts";
import { archiveOf, fingerprints, folderOf, listed, type Files } from "./files.ts";

const FILES: Files = [["a/1.png", "rgba.png"], ["b/2.png", "palette.png"], ["b/3.jpg", "gray.jpg"]]; // prettier-ignore
const CIFAR: Files = [["test_batch.bin", new Uint8Array(2 * 3073).map((_, i) => i % 10)]];
const grey8 = { channels: 1, side: 8, classes: 10 };

describe("luma", () => {
  it("is Pillow's", () => {
    // Image.new("RGB", (10, 1)), putdata(pixels), convert("L") in Pillow 13
    const pixels = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 2, 3], [200, 100, 50], [17, 18, 20], [254, 255, 253], [128, 0, 127]]; // prettier-ignore
    const image = { data: Uint8Array.from(pixels.flat()), width: 10, height: 1, channels: 3 };
    expect(luma(image)).toEqual({ data: Uint8Array.of(0, 255, 76, 150, 29, 2, 124, 18, 254, 53), width: 10, height: 1, channels: 1 });
  });

  it("in each channel is `grey`, and of a repeated channel is that channel", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (data) => {
        const colour: Pixels = { data, width: 2, height: 2, channels: 3 };
        expect(greyInRgb(luma(colour))).toEqual(grey(colour));
        const plain: Pixels = { data, width: 4, height: 3, channels: 1 };
        expect(luma(greyInRgb(plain))).toEqual(plain);
      }),
    );
  });
});

type Opened = readonly [what: string, open: (channels: number) => Dataset, own: number, other: number];
const sources: readonly Opened[] = [
  ["digits", (channels) => openDataset("digits", { ...grey8, channels }), 1, 3],
  ["a subset of digits", (channels) => subset(openDataset("digits", { ...grey8, channels }), [5, 0, 359]), 1, 3],
  ["binary CIFAR", (channels) => openDataset(`cifar10:${folderOf(CIFAR)}`, { channels, side: 32, classes: 10 }), 3, 1],
  ["an archive", (channels) => openDataset(archiveOf(FILES), { channels, side: 32, classes: 2 }), 3, 1],
];

describe("a set with other channels", () => {
  it.each(sources)("has the images of %s, converted one by one", async (_, open, own, other) => {
    const [there, here] = [open(own), open(other)];
    expect([here.channels, here.count, here.side, here.classes]).toEqual([other, there.count, there.side, there.classes]);
    for (const i of [0, there.count - 1]) {
      const image = await there.image(i);
      const expected = other === 1 ? luma(image) : greyInRgb(image);
      expect(await here.image(i)).toEqual(expected);
      expect(here.label(i)).toBe(there.label(i));
      const file = await here.open(i);
      expect([file.width, file.height]).toEqual([image.width, image.height]);
      const part = { left: 1, top: 2, width: 3, height: 4 };
      expect([await file.decode(), await file.decode(part)]).toEqual([expected, cut(expected, part)]);
    }
    for (const set of [there, here]) set.close();
  });

  it.each(sources)("opens %s again in another thread", async (_, open, __, other) => {
    const set = open(other);
    const again = datasetFrom(structuredClone(set.handle));
    expect([again.channels, again.digest]).toEqual([other, set.digest]);
    expect(listed(again)).toEqual(listed(set));
    expect(await fingerprints(again)).toEqual(await fingerprints(set));
    for (const one of [set, again]) one.close();
  });

  it("has another digest, but the same images behind it", () => {
    const path = archiveOf(FILES);
    const [colour, plain] = [3, 1].map((channels) => openDataset(path, { channels, side: 32, classes: 2 }));
    if (colour === undefined || plain === undefined) throw new Error("two sets");
    expect(plain.digest).not.toBe(colour.digest);
    expect(handleBehind(plain.handle)).toEqual(handleBehind(colour.handle));
    expect(handleBehind(subset(plain, [1]).handle).kind).toBe("photographs");
  });

  it.each([
    ["digits", 2, "data: digits:test has images of 1 channels, the model takes 2; a model of 1 or 3 channels would be right"],
    ["digits", 4, "data: digits:test has images of 1 channels, the model takes 4; a model of 1 or 3 channels would be right"],
  ])("there is none of %s with %i", (text, channels, message) => {
    expect(() => openDataset(text, { ...grey8, channels })).toThrow(message);
  });

  it("is not made of images of two channels", () => {
    const image = { data: new Uint8Array(2), width: 1, height: 1, channels: 2 };
    expect(() => imageWith(image, 3, "it")).toThrow("it has images of 2 channels, the model takes 3; a model of 2 channels would be right");
    expect(imageWith(image, 2, "it")).toBe(image);
  });
});
