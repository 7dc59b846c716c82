import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/sources/open.ts";
import { archiveOf, bytesOf, decoded, fingerprints, folderOf, listed, type Files } from "./files.ts";

const shape = { channels: 3, side: 64, classes: 2 };
const FILES: Files = [
  ["cat/2.png", "bilevel.png"],
  ["cat/3.png", "rgba.png"],
  ["dog/1.png", "palette.png"],
];

describe.each([
  ["a folder", folderOf],
  ["a tar archive", archiveOf],
])("%s of images", (_, made) => {
  it("has classes, names, and images as they are decoded", async () => {
    const path = made(FILES);
    const set = openDataset(path, shape);
    expect([set.name, set.classes, set.count, set.channels, set.side]).toEqual([path, ["cat", "dog"], 3, 3, null]);
    expect(listed(set, path)).toEqual(["0 cat/2.png", "0 cat/3.png", "1 dog/1.png"]);
    expect(set.nameOf(2)).toBe(`${path}: dog/1.png`);
    expect(await fingerprints(set)).toEqual(await decoded("bilevel.png", "rgba.png", "palette.png"));
    set.close();
  });

  it("maps folders that are synsets to ImageNet's 1000 classes, if the model has as many", () => {
    const path = made([
      ["n01440764/1.png", "rgba.png"],
      ["n01443537/1.png", "rgba.png"],
      ["n15075141/1.png", "rgba.png"],
    ]);
    const set = openDataset(path, { ...shape, classes: 1000 });
    expect([set.classes.length, set.label(0), set.label(1), set.label(2)]).toEqual([1000, 0, 1, 999]);
    const small = openDataset(path, { ...shape, classes: 3 });
    expect([small.classes, small.label(2)]).toEqual([["n01440764", "n01443537", "n15075141"], 2]);
  });

  it("is not ImageNet if one folder is no synset", () => {
    const path = made([
      ["n01440764/1.png", "rgba.png"],
      ["other/1.png", "rgba.png"],
    ]);
    expect(() => openDataset(path, { ...shape, classes: 1000 })).toThrow(`data: ${path}: it has 2 classes, the model has 1000`);
  });

  it.each([
    [FILES, "", { ...shape, classes: 3 }, "it has 2 classes, the model has 3"],
    [FILES, "", { ...shape, channels: 2 }, "it has images of 3 channels, the model takes 2"],
    [FILES, ":val", shape, "there is no folder val, but classes only"],
    [[["train/a/1.png", "rgba.png"]], ":test", shape, "there is no folder test or val, but train"],
    [[["train/a/1.png", "rgba.png"]], "", shape, "there is no folder test or val, but train"],
    [[["readme.md", bytesOf("#")]], "", shape, "it has no images; it needs one sub-folder a class with JPEG, PNG or WebP files"],
    [[...FILES, ["9.png", "rgba.png"]], "", shape, "9.png is not in the folder of a class; it needs one sub-folder a class"],
  ] as const)("%# is refused with one line", (files, split, wanted, message) => {
    const path = made(files);
    const open = (): unknown => openDataset(`${path}${split}`, wanted);
    expect(open).toThrow(RangeError);
    expect(open).toThrow(`data: ${path}: ${message}`);
  });

  it("leaves out hidden files and those that are no images", () => {
    const path = made([...FILES, ["cat/._2.png", "rgba.png"], [".cache/x/1.png", "rgba.png"], ["notes.txt", bytesOf("x")]]);
    expect(openDataset(path, shape).count).toBe(3);
  });

  it.each([
    ["", "test", ["test/cat/2.png", "test/dog/7.png"]],
    [":test", "test", ["test/cat/2.png", "test/dog/7.png"]],
    [":train", "train", ["train/cat/3.png", "train/dog/1.png"]],
    ["", "val", ["val/cat/2.png", "val/dog/7.png"]],
    [":val", "val", ["val/cat/2.png", "val/dog/7.png"]],
  ])("opened as PATH%s has a split, here with a folder %s", (split, other, names) => {
    const path = made([
      [`${other === "val" ? "val" : "test"}/cat/2.png`, "rgba.png"],
      [`${other === "val" ? "val" : "test"}/dog/7.png`, "rgba.png"],
      ["train/cat/3.png", "rgba.png"],
      ["train/dog/1.png", "rgba.png"],
    ]);
    expect(listed(openDataset(`${path}${split}`, shape), path)).toEqual(names.map((name, i) => `${i} ${name}`));
  });

  it("names an image that cannot be decoded, when it is read", async () => {
    const path = made([["cat/1.jpg", bytesOf("# no image")], ...FILES]);
    const set = openDataset(path, shape);
    await expect(set.image(0)).rejects.toThrow(`${path}: cat/1.jpg: is not a JPEG, PNG or WebP image: it begins with the bytes 23 20`);
    await expect(set.image(0)).rejects.toHaveProperty("name", "ImageError");
  });
});

describe("a folder of images", () => {
  it("is in the order of whole paths", () => {
    const names = ["a/1.png", "a/b.png", "a/b/1.png", "a/b-1.png", "a-b/1.png", "B/2.png"];
    const path = folderOf(names.map((name) => [name, "rgba.png"]));
    expect(listed(openDataset(path, { ...shape, classes: 3 }), path).map((line) => line.slice(2))).toEqual(names.toSorted());
  });

  it.each([
    ["", "", "dog"],
    ["train/", ":train", "train/dog"],
  ])("with an empty class folder below %j is refused by name", (base, split, named) => {
    const path = folderOf([[`${base}cat/1.png`, "rgba.png"]]);
    mkdirSync(join(path, base, "dog", "inner"), { recursive: true });
    expect(() => openDataset(`${path}${split}`, shape)).toThrow(
      `data: ${path}: the class folder ${named} has no images; remove it, or put its images there`,
    );
  });

  it("may have empty folders beside the split, and hidden ones", () => {
    const path = folderOf([["val/cat/1.png", "rgba.png"]]);
    for (const name of ["train/dog", ".cache", "val/.cache"]) mkdirSync(join(path, name), { recursive: true });
    expect(openDataset(`${path}:val`, { ...shape, classes: 1 }).count).toBe(1);
  });

  it("follows links, as torchvision does, but not those that lead nowhere", () => {
    const real = folderOf(FILES);
    const folder = folderOf([]);
    symlinkSync(join(real, "cat"), join(folder, "cat"));
    mkdirSync(join(folder, "dog"));
    symlinkSync(join(real, "dog/1.png"), join(folder, "dog/1.png"));
    symlinkSync(join(real, "nowhere.png"), join(folder, "dog/2.png"));
    expect(openDataset(folder, shape).count).toBe(3);
  });

  it("does not follow links in a cycle", () => {
    const folder = folderOf(FILES);
    symlinkSync(folder, join(folder, "cat/again"));
    expect(() => openDataset(folder, shape)).toThrow("16 folders deep, which is too many; do its links form a cycle?");
  });
});
