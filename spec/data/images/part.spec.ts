/** A part of an image is the same cut of the whole, although less of a JPEG file is decoded for it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openImage } from "../../../src/data/images/decode.ts";
import { ImageError } from "../../../src/data/images/imageError.ts";
import { cut } from "../../../src/data/pixels/cut.ts";
import type { Region, Size } from "../../../src/data/pixels/pixels.ts";
import { described, sourceOf } from "./samples.ts";

const names = described.sources.map(({ name }) => name);
const jpegs = names.filter((name) => name.endsWith(".jpg"));

/** Parts of each image. */
const PARTS = 8;

/** A part, from four numbers in [0, 1). */
function partOf({ width, height }: Size, [a, b, c, d]: readonly [number, number, number, number]): Region {
  const [left, top] = [Math.floor(a * width), Math.floor(b * height)];
  return { left, top, width: 1 + Math.floor(c * (width - left)), height: 1 + Math.floor(d * (height - top)) };
}

const number = fc.double({ min: 0, max: 0.999, noNaN: true });
const numbers = fc.tuple(number, number, number, number);

describe("a part of an image", () => {
  it.each(names)("is that cut of the whole: %s", async (name) => {
    const file = await openImage(sourceOf(name));
    const whole = await file.decode();
    expect([whole.width, whole.height]).toEqual([file.width, file.height]);
    await fc.assert(
      fc.asyncProperty(numbers, async (four) => {
        const part = partOf(file, four);
        expect(await file.decode(part)).toEqual(cut(whole, part));
      }),
      { numRuns: PARTS },
    );
  });

  it.each(jpegs)("of a truncated JPEG is an error, even if its pixels are there: %s", async (name) => {
    const bytes = sourceOf(name);
    const file = await openImage(bytes.subarray(0, Math.floor(0.9 * bytes.length)));
    const first: Region = { left: 0, top: 0, width: 1, height: 1 };
    await expect(file.decode(first)).rejects.toThrow(ImageError);
    await expect(file.decode()).rejects.toThrow(ImageError);
  });
});
