import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/images/decode.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { conventions, geometryOf, normalisedTensor, preprocess } from "../../../src/data/images/preprocess.ts";
import { described, digestOf, firstDifference, sourceOf } from "./samples.ts";

describe("preprocess gives Pillow's and torchvision's crop, and its tensor, bitwise identical", () => {
  it.each(described.cases)("$source at $size by $convention", async ({ source, size, convention, cropped, normalised }) => {
    const crop = preprocess(await decodeImage(sourceOf(source)), size, convention);
    const tensor = normalisedTensor(crop, described);
    const name = `${source}.${size}.${convention}`;
    expect(firstDifference(`${name}.cropped`, crop.data)).toBe(null);
    expect(digestOf(crop.data)).toBe(cropped);
    expect(firstDifference(`${name}.normalised`, tensor)).toBe(null);
    expect(digestOf(tensor)).toBe(normalised);
  });
});

describe("geometryOf", () => {
  it.each(conventions)("by %s: the crop is inside the resized image", (convention) => {
    for (const [width, height] of [
      [1, 1],
      [1, 100_000],
      [3, 2],
      [4000, 3000],
      [8, 8],
    ] as const)
      // prettier-ignore
      for (const S of [1, 8, 16, 32, 48, 80, 224, 384, 4096]) {
        const { resized, crop } = geometryOf({ width, height }, S, convention);
        expect(crop.left >= 0 && crop.top >= 0).toBe(true);
        expect(crop.left + S <= resized.width && crop.top + S <= resized.height).toBe(true);
      }
  });

  // computed by hand from deit.md 7.12
  it.each([
    [[341, 256], 224, "deit", [341, 256], [58, 16]], // 58.5 is rounded to the even 58
    [[500, 375], 224, "deit", [341, 256], [58, 16]],
    [[375, 500], 384, "deit", [438, 584], [27, 100]],
    [[500, 500], 224, "timm", [248, 248], [12, 12]],
    [[500, 400], 384, "timm-384", [480, 384], [48, 0]],
    [[500, 100], 224, "hf", [256, 256], [16, 16]],
    [[500, 100], 80, "hf", [91, 91], [5, 5]], // 5.5 is rounded down
    [[32, 32], 32, "deit", [32, 32], [0, 0]],
    [[33, 32], 32, "deit", [37, 36], [2, 2]],
  ] as const)("%j at %d by %s: resized to %j, cropped at %j", ([width, height], S, convention, resized, corner) => {
    const found = geometryOf({ width, height }, S, convention);
    expect([found.resized.width, found.resized.height]).toEqual(resized);
    expect([found.crop.left, found.crop.top]).toEqual(corner);
  });

  it.each([0, -1, 1.5, 5000, NaN])("refuses the image size %d", (S) => {
    expect(() => geometryOf({ width: 9, height: 9 }, S, "deit")).toThrow(
      `preprocess: the image size must be an integer from 1 to 4096, got ${S}`,
    );
  });
});

describe("preprocess", () => {
  it("costs no more for a line of a million pixels than for any other image", () => {
    const line: Pixels = { data: new Uint8Array(3_000_000).fill(7), width: 1_000_000, height: 1, channels: 3 };
    const { data, ...size } = preprocess(line, 224, "deit");
    expect(size).toEqual({ width: 224, height: 224, channels: 3 });
    expect([data.length, data.every((value) => value === 7)]).toEqual([224 * 224 * 3, true]);
  });

  it("refuses pixels that do not match their size", () => {
    const wrong = { data: new Uint8Array(10), width: 2, height: 2, channels: 3 };
    expect(() => preprocess(wrong, 8, "deit")).toThrow("pixels: 2×2 of 3 channels must be 12 numbers, got 10");
  });
});
