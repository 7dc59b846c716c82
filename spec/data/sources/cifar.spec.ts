import { join } from "node:path";
import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/sources/open.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { allImages, archiveOf, bytesOf, folderOf, listed, tarBytes, type Files } from "./files.ts";

const shape = { channels: 3, side: 32, classes: 10 };
const wide = { ...shape, classes: 100 };
const AREA = 32 ** 2;

/** The value of a pixel of image i. */
const value = (i: number, c: number, at: number): number => (7 * i + 50 * c + at) % 256;

/** A record: label bytes, then the image, plane by plane. */
const record = (i: number, ...labels: readonly number[]): readonly number[] => [
  ...labels,
  ...[0, 1, 2].flatMap((c) => Array.from({ length: AREA }, (_, at) => value(i, c, at))),
];
const records = (...all: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(all.flat());

const TEN: Files = [
  ...[1, 2, 3, 4, 5].map((b) => [`data_batch_${b}.bin`, records(record(2 * b, b), record(2 * b + 1, 9))] as const),
  ["test_batch.bin", records(record(0, 3), record(1, 0), record(2, 9))],
];
const NAMES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay"];
const HUNDRED: Files = [
  ["train.bin", records(record(0, 19, 99), record(1, 0, 7))],
  ["test.bin", records(record(5, 4, 0))],
];
const below = (folder: string, files: Files): Files => files.map(([path, content]) => [`${folder}/${path}`, content]);

describe.each([
  ["a folder", folderOf, ""],
  ["the official folder's parent", (files: Files) => folderOf(below("cifar-10-batches-bin", files)), "cifar-10-batches-bin/"],
  ["an archive", archiveOf, ""],
  ["the official archive, gunzipped", (files: Files) => archiveOf(below("cifar-10-batches-bin", files)), ""],
])("CIFAR-10's binary files in %s", (_, made, inner) => {
  it("are images with the official classes", async () => {
    const set = openDataset(`cifar10:${made(TEN)}`, shape);
    expect([set.count, set.channels, set.side, set.classes[0], set.classes[9]]).toEqual([3, 3, 32, "airplane", "truck"]);
    expect([0, 1, 2].map(set.label)).toEqual([3, 0, 9]);
    const images = await allImages(set);
    for (const [i, { data, width, height, channels }] of images.entries()) {
      expect([width, height, channels]).toEqual([32, 32, 3]);
      expect(data).toEqual(Uint8Array.from({ length: 3 * AREA }, (_, at) => value(i, at % 3, Math.floor(at / 3))));
    }
  });

  it("have the five training batches in order, and the classes of the file of names", () => {
    const path = made([...TEN, ["batches.meta.txt", bytesOf(`${NAMES.join("\n")}\n\n`)]]);
    const set = openDataset(`cifar10:${path}:train`, shape);
    expect(Array.from({ length: set.count }, (_, i) => set.label(i))).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    expect([set.classes, set.nameOf(4)]).toEqual([NAMES, `cifar10:${path}:train: image 4`]);
  });

  it.each<readonly [what: string, name: string, content: Uint8Array | null, message: string]>([
    ["missing", "data_batch_3.bin", null, "the file data_batch_3.bin is missing"],
    [
      "cut off",
      "data_batch_3.bin",
      records(record(0, 1)).subarray(1),
      "data_batch_3.bin must consist of images of 3073 bytes, it has 3072 bytes; is it cut off?",
    ],
    [
      "empty",
      "data_batch_5.bin",
      new Uint8Array(0),
      "data_batch_5.bin must consist of images of 3073 bytes, it has 0 bytes; is it cut off?",
    ],
    [
      "of a wrong label",
      "data_batch_1.bin",
      records(record(0, 9), record(0, 10)),
      "data_batch_1.bin: image 1 has the label 10; labels go from 0 to 9",
    ],
    ["of too few names", "batches.meta.txt", bytesOf("a\nb\n"), "batches.meta.txt must name 10 classes, a line each, it has 2 lines"],
    [
      "of equal names",
      "batches.meta.txt",
      bytesOf("a\n".repeat(10)),
      "batches.meta.txt must name 10 classes, a line each, it has 10 lines",
    ],
  ])("with a file that is %s are refused with one line", (_, name, content, message) => {
    const rest = TEN.filter(([path]) => path !== name);
    const path = made(content === null ? rest : [...rest, [name, content]]);
    const open = (): unknown => openDataset(`cifar10:${path}:train`, shape);
    expect(open).toThrow(RangeError);
    expect(open).toThrow(`data: ${path}: ${content === null ? message : `${inner}${message}`}`);
  });
});

describe("CIFAR-100's binary files", () => {
  it.each([
    ["a folder", () => folderOf(HUNDRED)],
    ["the official folder's parent", () => folderOf(below("cifar-100-binary", HUNDRED))],
    ["an archive", () => archiveOf(HUNDRED)],
  ])("in %s have fine labels as classes", async (_, made) => {
    const path = made();
    const set = openDataset(`cifar100:${path}:train`, wide);
    expect([set.count, set.label(0), set.label(1), set.classes.length, new Set(set.classes).size]).toEqual([2, 99, 7, 100, 100]);
    expect([set.classes[0], set.classes[99], set.classes.toSorted()]).toEqual(["apple", "worm", set.classes]);
    const [{ data } = { data: [] }] = await allImages(set);
    expect(data[1]).toBe(value(0, 1, 0));
  });

  it.each([
    ["fine", record(0, 0, 100), "image 0 has the label 100; labels go from 0 to 99"],
    ["coarse", record(0, 20, 0), "image 0 has the label 20; labels go from 0 to 19"],
  ])("are refused for a %s label out of range", (_, wrong, message) => {
    const path = folderOf([["test.bin", records(wrong)]]);
    expect(() => openDataset(`cifar100:${path}`, wide)).toThrow(`data: ${path}: test.bin: ${message}`);
  });

  it("are not those of CIFAR-10", () => {
    expect(() => openDataset(`cifar100:${folderOf(TEN)}`, wide)).toThrow("it has no images");
  });
});

describe("cifar10:PATH", () => {
  const images: Files = NAMES.flatMap((name): Files => [[`train/${name}/1.png`, "rgba.png"], [`test/${name}/2.png`, "palette.png"]]); // prettier-ignore

  it.each([
    ["a folder", () => folderOf(images)],
    ["an archive", () => archiveOf(images)],
  ])("may be %s of images", (_, made) => {
    const path = made();
    expect(listed(openDataset(`cifar10:${path}`, shape), path)).toEqual(NAMES.map((name, i) => `${i} test/${name}/2.png`));
    expect(openDataset(`cifar10:${path}:train`, shape).nameOf(0)).toBe(`${path}: train/ant/1.png`);
  });

  it.each([
    ["cifar10", 'data: cifar10:PATH needs a folder or archive, there is no ""'],
    ["cifar10:nowhere:train", 'data: cifar10:PATH needs a folder or archive, there is no "nowhere"'],
    ["cifar100:nowhere", 'data: cifar100:PATH needs a folder or archive, there is no "nowhere"'],
  ])("%s is refused", (text, message) => {
    expect(() => openDataset(text, shape)).toThrow(message);
  });

  it("has the splits train and test only", () => {
    const path = folderOf(TEN);
    expect(() => openDataset(`cifar10:${path}:val`, shape)).toThrow('data: cifar10 has the splits train and test, got "val"');
  });

  it("is refused if it does not fit the model", () => {
    const path = folderOf(TEN);
    expect(() => openDataset(`cifar10:${path}`, wide)).toThrow(`data: cifar10:${path} has 10 classes, the model has 100`);
    expect(() => openDataset(`cifar10:${path}`, { ...shape, channels: 2 })).toThrow(
      `data: cifar10:${path} has images of 3 channels, the model takes 2`,
    );
  });

  it("is refused if the archive is cut off", () => {
    const path = join(temporaryFolder(), "cifar.tar");
    const whole = tarBytes(TEN);
    writeFileSync(path, whole.subarray(0, 20_000));
    expect(() => openDataset(`cifar10:${path}`, shape)).toThrow(`data: ${path}: tar: byte 20000: the file is truncated`);
    rmSync(path);
  });

  it("has another digest if a byte changes", () => {
    const digestOf = (files: Files): string => openDataset(`cifar10:${folderOf(files)}`, shape).digest;
    const changed: Files = [["test_batch.bin", records(record(0, 3), record(1, 0), record(3, 9))]];
    expect(digestOf(TEN)).toBe(digestOf([TEN.at(-1) ?? ["", ""]]));
    expect(digestOf(TEN)).not.toBe(digestOf(changed));
  });
});
