import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { augment } from "../../../src/data/augment.ts";
import { rotated } from "../../../src/data/augment/rotation.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { fold, keyOf, uniform53At } from "../../../src/tensor/key.ts";

const pixels = (width: number, height: number, channels: number): fc.Arbitrary<Pixels> =>
  fc
    .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
    .map((data) => ({ data, width, height, channels }));

describe("rotated", () => {
  it("changes nothing by 0 degrees", () => {
    fc.assert(
      fc.property(pixels(5, 4, 3), (image) => {
        expect(rotated(image, 0)).toEqual(image);
      }),
    );
  });

  it("turns a square by 180 degrees as reversing its pixels does", () => {
    fc.assert(
      fc.property(pixels(6, 6, 1), (image) => {
        const turned = rotated(image, 180).data;
        const inner = (data: Uint8Array): readonly number[] => [1, 2, 3, 4].flatMap((y) => [...data.subarray(6 * y + 1, 6 * y + 5)]);
        expect(inner(turned)).toEqual(inner(image.data.toReversed()));
      }),
    );
  });

  it("turns clockwise, about the centre, with zeros from outside", () => {
    const image = { data: new Uint8Array(81), width: 9, height: 9, channels: 1 };
    image.data[4 * 9 + 8] = 255; // right of the centre
    const turned = rotated(image, 90);
    expect([turned.data.indexOf(255), turned.data[0]]).toEqual([8 * 9 + 4, 0]); // below it
    const constant = rotated({ ...image, data: new Uint8Array(81).fill(200) }, 45);
    expect([constant.data[0], constant.data[40]]).toEqual([0, 200]);
  });

  it("rounds what the augmentation in f64 gives, for the same angle", () => {
    fc.assert(
      fc.property(pixels(8, 8, 1), fc.nat(1000), (image, seed) => {
        const key = keyOf(seed);
        const before = augment({ pixels: Float64Array.from(image.data), side: 8 }, { rotation: 20, padding: 0, flip: false }, key);
        const angle = (2 * uniform53At(fold(key, "rotate"), 0) - 1) * 20;
        const distance = rotated(image, angle).data.map((value, i) => Math.abs(value - (before[i] ?? NaN)));
        expect(Math.max(...distance)).toBeLessThanOrEqual(0.5 + 1e-9);
      }),
    );
  });
});
