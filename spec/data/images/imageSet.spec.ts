import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { HostBatch } from "../../../src/data/batches.ts";
import { openImageSet, type ImageSet } from "../../../src/data/images/imageSet.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { tarOf } from "../../io/tarFiles.ts";
import { described, digestOf, sourceOf } from "./samples.ts";

type Files = readonly (readonly [path: string, source: string])[];

const shape = { channels: 3, side: 64, classes: 2 };
const FILES: Files = [
  ["dog/1.png", "palette.png"],
  ["cat/3.png", "rgba.png"],
  ["cat/2.png", "bilevel.png"],
];

function folderOf(files: Files): string {
  const folder = temporaryFolder();
  for (const [path, source] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), sourceOf(source));
  }
  return folder;
}

function archiveOf(files: Files): string {
  const path = join(temporaryFolder(), "set.tar");
  writeFileSync(path, tarOf(files.map(([name, source]) => ({ name, content: sourceOf(source) }))));
  return path;
}

function openedSet(text: string, wanted = shape): ImageSet {
  const set = openImageSet(text, wanted);
  if (set === null) throw new Error(`${text} is not there`);
  return set;
}

async function allOf(set: ImageSet, batch: number): Promise<readonly HostBatch[]> {
  const batches: HostBatch[] = [];
  for await (const one of set.batches(batch, "deit", described)) batches.push(one);
  return batches;
}

/** The digest of Pillow's and torchvision's tensor of an image at size 64. */
const normalised = (source: string): string | undefined =>
  described.cases.find((c) => c.source === source && c.size === 64 && c.convention === "deit")?.normalised;

describe.each([
  ["a folder", folderOf],
  ["a tar archive", archiveOf],
])("%s as a set of images", (_, made) => {
  it("has the classes in order, and its images as torchvision makes them", async () => {
    const set = openedSet(made(FILES));
    expect([set.classes, set.count]).toEqual([["cat", "dog"], 3]);
    const batches = await allOf(set, 2);
    expect(batches.map(({ labels, images }) => [labels, images.shape])).toEqual([
      [[0, 0], [2, 3, 64, 64]],
      [[1], [1, 3, 64, 64]],
    ]); // prettier-ignore
    const length = 3 * 64 ** 2;
    const tensors = batches.flatMap(({ images, labels }) =>
      labels.map((_, i) => digestOf(Float32Array.from(images.data.subarray(i * length, (i + 1) * length)))),
    );
    expect(tensors).toEqual(["bilevel.png", "rgba.png", "palette.png"].map(normalised));
  });

  it("maps folders that are synsets to ImageNet's 1000 classes", async () => {
    const path = made([
      ["n15075141/1.png", "rgba.png"],
      ["n01440764/1.png", "rgba.png"],
      ["n01443537/1.png", "rgba.png"],
    ]);
    const set = openedSet(path, { ...shape, classes: 1000 });
    expect(set.classes).toHaveLength(1000);
    expect((await allOf(set, 3)).map(({ labels }) => labels)).toEqual([[0, 1, 999]]);
    expect(openedSet(path, { ...shape, classes: 3 }).classes).toEqual(["n01440764", "n01443537", "n15075141"]);
  });

  it("is refused if it does not fit the model", () => {
    const path = made(FILES);
    expect(() => openImageSet(path, { ...shape, classes: 3 })).toThrow(`data: ${path}: it has 2 classes, the model has 3`);
    expect(() => openImageSet(path, { ...shape, channels: 1 })).toThrow(`data: ${path}: it has images of 3 channels, the model takes 1`);
    expect(() => openImageSet(`${path}:val`, shape)).toThrow(`data: ${path}: there is no folder val, but classes only`);
  });

  it("names an image that cannot be decoded, when its turn comes", async () => {
    const path = made([...FILES, ["dog/0.jpg", "../README.md"]]);
    await expect(allOf(openedSet(path), 2)).rejects.toThrow(
      `data: ${path}: dog/0.jpg: is not a JPEG, PNG or WebP image: it begins with the bytes 23 20`,
    );
  });

  it("opens a split", () => {
    const files: Files = FILES.flatMap(([path, source]) => [[`train/${path}`, source], [`val/${path}`, source]]); // prettier-ignore
    const path = made([...files, ["val/dog/7.png", "rgba.png"]]);
    expect([openedSet(path).count, openedSet(`${path}:val`).count, openedSet(`${path}:train`).count]).toEqual([4, 4, 3]);
  });
});

describe("openImageSet", () => {
  it("is null for a missing path", () => {
    expect([openImageSet("nowhere", shape), openImageSet("nowhere.tar:val", shape)]).toEqual([null, null]);
  });

  it("follows links in a folder, as torchvision does", () => {
    const real = folderOf(FILES);
    const folder = temporaryFolder();
    symlinkSync(join(real, "cat"), join(folder, "cat"));
    mkdirSync(join(folder, "dog"));
    symlinkSync(join(real, "dog/1.png"), join(folder, "dog/1.png"));
    symlinkSync(join(real, "nowhere.png"), join(folder, "dog/2.png"));
    expect(openedSet(folder).count).toBe(3);
  });

  it("does not follow links in a cycle", () => {
    const folder = folderOf(FILES);
    symlinkSync(folder, join(folder, "cat/again"));
    expect(() => openImageSet(folder, shape)).toThrow("16 folders deep, which is too many; do its links form a cycle?");
  });

  it("names the byte at which an archive is broken", () => {
    const path = archiveOf(FILES);
    writeFileSync(path, tarOf([{ name: "a/b.jpg", content: sourceOf("gray.jpg") }]).subarray(0, 5000));
    expect(() => openImageSet(path, shape)).toThrow(`data: ${path}: tar: byte 5000: the file is truncated`);
  });
});
