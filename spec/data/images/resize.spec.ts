import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { resize, resizeRegion } from "../../../src/data/pixels/resize.ts";

const side = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const image: fc.Arbitrary<Pixels> = fc
  .tuple(side(40), side(40), fc.constantFrom(1, 3, 4))
  .chain(([width, height, channels]) =>
    fc
      .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
      .map((data) => ({ data, width, height, channels })),
  );

const size = fc.record({ width: side(60), height: side(60) });

/** A picture with its pixels moved; `from(row, column)` is the source of each. */
function moved(
  { data, width, height, channels }: Pixels,
  from: (row: number, column: number) => readonly [number, number],
  turned = false,
): Pixels {
  const [w, h] = turned ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let row = 0; row < h; row++)
    for (let column = 0; column < w; column++) {
      const [y, x] = from(row, column);
      for (let c = 0; c < channels; c++) out[(row * w + column) * channels + c] = data[(y * width + x) * channels + c] ?? 0;
    }
  return { data: out, width: w, height: h, channels };
}

const mirrored = (picture: Pixels): Pixels => moved(picture, (row, column) => [row, picture.width - 1 - column]);
const upsideDown = (picture: Pixels): Pixels => moved(picture, (row, column) => [picture.height - 1 - row, column]);

describe("resize", () => {
  it("changes nothing if the size stays the same", () => {
    fc.assert(
      fc.property(image, (picture) => {
        expect(resize(picture, picture)).toEqual(picture);
      }),
    );
  });

  it("leaves a constant image constant, in every channel", () => {
    const colour = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(colour, size, size, (rgb, from, to) => {
        const flat = ({ width, height }: { readonly width: number; readonly height: number }): Pixels => ({
          data: Uint8Array.from({ length: width * height * 3 }, (_, i) => rgb[i % 3] ?? 0),
          width,
          height,
          channels: 3,
        });
        expect(resize(flat(from), to)).toEqual(flat(to));
      }),
    );
  });

  it("commutes with mirroring, up to one level where rounding differs", () => {
    const close = (a: Pixels, b: Pixels): boolean => a.data.every((value, i) => Math.abs(value - (b.data[i] ?? NaN)) <= 1);
    fc.assert(
      fc.property(image, size, (picture, to) => {
        expect(close(resize(mirrored(picture), to), mirrored(resize(picture, to)))).toBe(true);
        expect(close(resize(upsideDown(picture), to), upsideDown(resize(picture, to)))).toBe(true);
      }),
    );
  });

  it("gives the same for each channel alone", () => {
    const channel = ({ data, width, height, channels }: Pixels, c: number): Pixels => ({
      data: data.filter((_, i) => i % channels === c),
      width,
      height,
      channels: 1,
    });
    fc.assert(
      fc.property(image, size, (picture, to) => {
        for (let c = 0; c < picture.channels; c++) expect(resize(channel(picture, c), to)).toEqual(channel(resize(picture, to), c));
      }),
    );
  });

  it("stays between 0 and 255 where the cubic overshoots", () => {
    const edge: Pixels = { data: Uint8Array.of(0, 0, 255, 255), width: 4, height: 1, channels: 1 };
    const { data } = resize(edge, { width: 40, height: 1 });
    expect([data[0], data[14], data[25], data[39]]).toEqual([0, 0, 255, 255]);
  });
});

describe("resizeRegion", () => {
  it("gives that part of the whole result", () => {
    const part = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat());
    fc.assert(
      fc.property(image, size, part, (picture, to, [a, b, c, d]) => {
        const [left, top] = [a % to.width, b % to.height];
        const region = { left, top, width: 1 + (c % (to.width - left)), height: 1 + (d % (to.height - top)) };
        const whole = resize(picture, to);
        const expected = Array.from({ length: region.height }, (_, row) => {
          const start = ((top + row) * to.width + left) * picture.channels;
          return [...whole.data.subarray(start, start + region.width * picture.channels)];
        });
        expect([...resizeRegion(picture, to, region).data]).toEqual(expected.flat());
      }),
    );
  });

  it("refuses a region that is not inside the image", () => {
    const picture: Pixels = { data: new Uint8Array(4), width: 2, height: 2, channels: 1 };
    expect(() => resizeRegion(picture, { width: 4, height: 4 }, { left: 2, top: 0, width: 3, height: 1 })).toThrow(
      "resize: 3×1 at (2, 0) is not inside the resized image of 4×4",
    );
  });
});
