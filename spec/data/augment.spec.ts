import { describe, expect, it } from "vitest";
import { augment } from "../../src/data/augment.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

const S = 4;
/** Two channels; no two pixels are equal, none is zero. */
const image = { pixels: Float64Array.from({ length: 2 * S * S }, (_, i) => i + 1), side: S };
const keys = Array.from({ length: 400 }, (_, i) => fold(keyOf(1), i));

/** The window of the zero-padded image that begins `down` rows and `right` columns from the image's own corner. */
function windowAt(down: number, right: number): Float64Array {
  const inside = (i: number): boolean => i >= 0 && i < S;
  return image.pixels.map((_, at) => {
    const [c, row, column] = [Math.floor(at / (S * S)), Math.floor((at % (S * S)) / S) + down, (at % S) + right];
    return inside(row) && inside(column) ? (image.pixels[(c * S + row) * S + column] ?? NaN) : 0;
  });
}

const mirrored = (pixels: Float64Array): Float64Array => pixels.map((_, at) => pixels[Math.floor(at / S) * S + S - 1 - (at % S)] ?? NaN);

describe("augment", () => {
  it("without padding and flip changes nothing", () => {
    for (const key of keys) expect(augment(image, { padding: 0, flip: false }, key)).toEqual(image.pixels);
  });

  it("crops any window of the padded image, all channels alike, and every one in time", () => {
    const offsets = [-1, 0, 1];
    const windows = offsets.flatMap((down) => offsets.map((right) => windowAt(down, right).join()));
    const seen = new Set(keys.map((key) => augment(image, { padding: 1, flip: false }, key).join()));
    expect([...seen].toSorted()).toEqual(windows.toSorted());
  });

  it("mirrors about half of the images", () => {
    const views = keys.map((key) => augment(image, { padding: 0, flip: true }, key).join());
    const [same = 0, flipped = 0] = [image.pixels, mirrored(image.pixels)].map((view) => views.filter((v) => v === view.join()).length);
    expect(same + flipped).toBe(keys.length);
    expect(Math.abs(flipped / keys.length - 0.5)).toBeLessThan(0.1);
  });

  it("draws the crop alike whether or not images are flipped", () => {
    for (const key of keys) {
      const crop = augment(image, { padding: 2, flip: false }, key);
      const both = augment(image, { padding: 2, flip: true }, key);
      expect([crop.join(), mirrored(crop).join()]).toContain(both.join());
    }
  });

  it("gives one view for one key", () => {
    for (const key of keys)
      expect(augment(image, { padding: 2, flip: true }, key)).toEqual(augment(image, { padding: 2, flip: true }, key));
  });
});
