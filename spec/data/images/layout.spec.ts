import { describe, expect, it } from "vitest";
import { layoutOf, type ImageSplit } from "../../../src/data/images/layout.ts";

const found = (paths: readonly string[], split: ImageSplit | null = null): readonly string[] =>
  layoutOf(paths, split).map(({ path, folder }) => `${folder}: ${path}`);

describe("layoutOf", () => {
  it("uses the first folder as the class, in the order of the paths", () => {
    expect(found(["b/2.jpg", "a/1.PNG", "b/inner/0.jpeg", "B/3.webp"])).toEqual([
      "B: B/3.webp",
      "a: a/1.PNG",
      "b: b/2.jpg",
      "b: b/inner/0.jpeg",
    ]);
  });

  it("leaves out files that are not images, and hidden ones", () => {
    expect(found(["a/1.jpg", "a/readme.md", "a/._1.jpg", ".cache/x.jpg", "labels.csv"])).toEqual(["a: a/1.jpg"]);
  });

  it("keeps images that cannot be opened here, so that they are an error", () => {
    expect(found(["a/1.jpg", "a/2.bmp", "b/3.tif"])).toEqual(["a: a/1.jpg", "a: a/2.bmp", "b: b/3.tif"]);
  });

  const divided = ["train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg", "val/b/4.jpg"];
  it.each([
    ["test, if none is chosen", divided, null, ["a: test/a/3.jpg"]],
    ["val, if there is no test", ["val/a/1.jpg", "train/b/2.jpg"], null, ["a: val/a/1.jpg"]],
    ["val, if there is nothing else", ["val/a/1.jpg", "val/b/2.jpg"], null, ["a: val/a/1.jpg", "b: val/b/2.jpg"]],
    ["that is chosen", divided, "train", ["a: train/a/1.jpg", "b: train/b/2.jpg"]],
    ["inside a folder that holds everything", divided.map((path) => `set/${path}`), "val", ["b: set/val/b/4.jpg"]],
  ] as const)("uses the split %s", (_, paths, split, expected) => {
    expect(found(paths, split)).toEqual(expected);
  });

  it("accepts a class called test", () => {
    expect(found(["test/1.jpg", "other/2.jpg"])).toEqual(["other: other/2.jpg", "test: test/1.jpg"]);
  });

  it.each([
    [[], null, "it has no images; it needs one sub-folder a class with JPEG, PNG or WebP files"],
    [["a/readme.md"], null, "it has no images; "],
    [["1.jpg", "a/2.jpg"], null, "1.jpg is not in the folder of a class; it needs one sub-folder a class"],
    [["train/a/1.jpg"], null, "there is no folder test or val, but train"],
    [["train/a/1.jpg", "test/a/1.jpg"], "val", "there is no folder val, but test, train"],
    [["train/a/1.jpg"], "test", "there is no folder test or val, but train"],
    [["a/1.jpg"], "val", "there is no folder val, but classes only"],
  ] as const)("refuses %j with the split %s", (paths, split, message) => {
    expect(() => layoutOf(paths, split)).toThrow(message);
  });
});
