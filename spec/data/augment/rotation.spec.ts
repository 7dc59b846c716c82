import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rotated } from "../../../src/data/augment/rotation.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";

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

  it("is linear interpolation between the four pixels around each position, rounded", () => {
    const side = 8;
    fc.assert(
      fc.property(pixels(side, side, 1), fc.integer({ min: -180, max: 180 }), (image, degrees) => {
        const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
        const pixel = (row: number, column: number): number =>
          row >= 0 && row < side && column >= 0 && column < side ? (image.data[row * side + column] ?? NaN) : 0;
        const distance = rotated(image, degrees).data.map((value, i) => {
          const [y, x] = [Math.floor(i / side) - 3.5, (i % side) - 3.5];
          const [row, column] = [3.5 + c * y - s * x, 3.5 + s * y + c * x];
          let expected = 0;
          for (let r = 0; r < side; r++)
            for (let q = 0; q < side; q++)
              expected += pixel(r, q) * Math.max(0, 1 - Math.abs(row - r)) * Math.max(0, 1 - Math.abs(column - q));
          return Math.abs(value - expected);
        });
        expect(Math.max(...distance)).toBeLessThanOrEqual(0.5 + 1e-9);
      }),
    );
  });
});
