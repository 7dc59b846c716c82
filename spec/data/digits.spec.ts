import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digits } from "../../src/data/digits.ts";

const folder = new URL("../../fixtures/digits/", import.meta.url);

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

describe("digits", () => {
  const [train, test] = [digits("train", 8), digits("test", 8)];

  it("are the file whose digest is in the fixture's README", () => {
    const digest = createHash("sha256")
      .update(readFileSync(new URL("digits.safetensors", folder)))
      .digest("hex");
    expect(readFileSync(new URL("README.md", folder), "utf8")).toContain(digest);
  });

  it("are 1,437 images to train and 360 to test", () => {
    expect([train.count, test.count]).toEqual([1437, 360]);
  });

  it("begin as the source does", () => {
    expect([train.label(0), train.label(1), train.label(2)]).toEqual([0, 1, 2]);
    expect([...train.pixels(0)]).toEqual(first.map((ink) => ink / 16));
  });

  it("have every class in the test part, 33 to 37 times", () => {
    const counts = train.classes.map((_, c) => Array.from({ length: test.count }, (_, i) => test.label(i)).filter((l) => l === c).length);
    expect(counts).toEqual([35, 36, 35, 37, 37, 37, 37, 36, 33, 37]);
  });

  it("are enlarged by repetition: each pixel becomes a square", () => {
    const [small, large] = [test.pixels(7), digits("test", 24).pixels(7)];
    for (let row = 0; row < 24; row++)
      for (let column = 0; column < 24; column++)
        expect(large[row * 24 + column]).toBe(small[Math.floor(row / 3) * 8 + Math.floor(column / 3)]);
  });

  it("are refused unless the size is a multiple of 8 pixels", () => {
    expect(() => digits("train", 12)).toThrow("digits: the image size must be a multiple of 8, got 12");
  });

  it("are new arrays at each call", () => {
    train.pixels(3).fill(9);
    expect(train.pixels(3)).not.toContain(9);
  });
});
