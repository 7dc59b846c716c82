import { describe, expect, it } from "vitest";
import { augment } from "../../src/data/augment.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

const S = 4;
/** An image of two channels in which all pixels differ and none is zero. */
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
  it("changes nothing without padding and flip", () => {
    for (const key of keys) expect(augment(image, { rotation: 0, padding: 0, flip: false }, key)).toEqual(image.pixels);
  });

  it("crops any window of the padded image, the same in all channels, and every window for some key", () => {
    const offsets = [-1, 0, 1];
    const windows = offsets.flatMap((down) => offsets.map((right) => windowAt(down, right).join()));
    const seen = new Set(keys.map((key) => augment(image, { rotation: 0, padding: 1, flip: false }, key).join()));
    expect([...seen].toSorted()).toEqual(windows.toSorted());
  });

  it("rotates about the centre: a point on an axis moves along a circle, to either side, up to the largest angle", () => {
    const side = 21; // an odd side has a pixel in its centre
    const [centre, radius] = [10, 8];
    const dot = { pixels: Float64Array.from({ length: side ** 2 }, (_, at) => (at === centre * side + centre + radius ? 1 : 0)), side };
    const angles = keys.slice(0, 100).map((key) => {
      const view = augment(dot, { rotation: 30, padding: 0, flip: false }, key);
      const mass = view.reduce((sum, x) => sum + x, 0);
      const mean = (coordinate: (at: number) => number): number => view.reduce((sum, x, at) => sum + x * coordinate(at), 0) / mass - centre;
      const [y, x] = [mean((at) => Math.floor(at / side)), mean((at) => at % side)];
      expect(Math.hypot(y, x)).toBeGreaterThan(radius - 0.5);
      expect(Math.hypot(y, x)).toBeLessThan(radius + 0.5);
      return (Math.atan2(y, x) * 180) / Math.PI;
    });
    const most = Math.max(...angles.map(Math.abs));
    expect(most).toBeGreaterThan(25);
    expect(most).toBeLessThan(33);
    expect(Math.abs(angles.filter((angle) => angle > 0).length / angles.length - 0.5)).toBeLessThan(0.2);
  });

  it("rotates all channels alike, and changes a constant image only at its corners", () => {
    const even = { pixels: new Float64Array(2 * 9 * 9).fill(0.7), side: 9 };
    for (const key of keys.slice(0, 20)) {
      const view = augment(even, { rotation: 45, padding: 0, flip: false }, key);
      expect(view.subarray(81)).toEqual(view.subarray(0, 81));
      for (const row of [3, 4, 5]) for (const column of [3, 4, 5]) expect(view[row * 9 + column]).toBeCloseTo(0.7, 12);
    }
  });

  it("mirrors about half of the images", () => {
    const views = keys.map((key) => augment(image, { rotation: 0, padding: 0, flip: true }, key).join());
    const [same = 0, flipped = 0] = [image.pixels, mirrored(image.pixels)].map((view) => views.filter((v) => v === view.join()).length);
    expect(same + flipped).toBe(keys.length);
    expect(Math.abs(flipped / keys.length - 0.5)).toBeLessThan(0.1);
  });

  it("draws the same crop whether or not images are flipped", () => {
    for (const key of keys) {
      const crop = augment(image, { rotation: 0, padding: 2, flip: false }, key);
      const both = augment(image, { rotation: 0, padding: 2, flip: true }, key);
      expect([crop.join(), mirrored(crop).join()]).toContain(both.join());
    }
  });

  it("gives equal views for equal keys", () => {
    for (const key of keys)
      expect(augment(image, { rotation: 0, padding: 2, flip: true }, key)).toEqual(
        augment(image, { rotation: 0, padding: 2, flip: true }, key),
      );
  });
});
