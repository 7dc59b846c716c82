/** Laws of the plain pixel kernels; their bytes are compared with Pillow's in spec/parity. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainKernels as k } from "../../../src/data/pixels/plain.ts";
import type { Pixels, Region } from "../../../src/data/pixels/pixels.ts";

const side = fc.integer({ min: 1, max: 20 });

const imageOf = (channels: fc.Arbitrary<number>): fc.Arbitrary<Pixels> =>
  fc.tuple(side, side, channels).chain(([width, height, c]) => {
    const length = width * height * c;
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ data, width, height, channels: c }));
  });

const image = imageOf(fc.constantFrom(1, 3));
const fill = [1, 2, 3];

/** A rectangle of the image, from four numbers in [0, 1). */
function regionOf({ width, height }: Pixels, [a, b, c, d]: readonly [number, number, number, number]): Region {
  const [left, top] = [Math.floor(a * width), Math.floor(b * height)];
  return { left, top, width: 1 + Math.floor(c * (width - left)), height: 1 + Math.floor(d * (height - top)) };
}
const part = fc.double({ min: 0, max: 0.999, noNaN: true });
const parts = fc.tuple(part, part, part, part);

/** The image with other values outside the rectangle. */
const changedOutside = (picture: Pixels, { left, top, width, height }: Region): Pixels => ({
  ...picture,
  data: picture.data.map((value, i) => {
    const pixel = Math.floor(i / picture.channels);
    const [x, y] = [pixel % picture.width, Math.floor(pixel / picture.width)];
    const inside = x >= left && x < left + width && y >= top && y < top + height;
    return inside ? value : 255 - value;
  }),
});

const ramp = (channels: number): Uint8Array => Uint8Array.from({ length: 256 * channels }, (_, i) => i % 256);

describe("resize", () => {
  it("reads no pixel outside the crop", () => {
    fc.assert(
      fc.property(image, parts, side, side, (picture, numbers, width, height) => {
        const crop = regionOf(picture, numbers);
        const whole = { left: 0, top: 0, width, height };
        expect(k.resize(changedOutside(picture, crop), crop, whole, whole)).toEqual(k.resize(picture, crop, whole, whole));
      }),
    );
  });

  it("refuses a crop that is not inside the image", () => {
    const picture = { data: new Uint8Array(12), width: 4, height: 3, channels: 1 };
    const whole = { left: 0, top: 0, width: 2, height: 2 };
    for (const crop of [
      { ...whole, left: 3 },
      { ...whole, top: -1 },
      { ...whole, width: 0 },
    ])
      expect(() => k.resize(picture, crop, whole, whole)).toThrow(/^resize: .* is not inside the image of 4×3$/);
  });
});

describe("affine", () => {
  it("changes nothing by the identity", () => {
    fc.assert(
      fc.property(image, (picture) => {
        expect(k.affine(picture, [1, 0, 0, 0, 1, 0], fill)).toEqual(picture);
      }),
    );
  });

  it("moves pixels by whole numbers, and fills what comes from outside", () => {
    fc.assert(
      fc.property(image, fc.integer({ min: -5, max: 5 }), (picture, shift) => {
        const { width, channels } = picture;
        const moved = k.affine(picture, [1, 0, shift, 0, 1, 0], fill);
        const expected = picture.data.map((_, i) => {
          const x = (Math.floor(i / channels) % width) + shift;
          return x >= 0 && x < width ? (picture.data[i + shift * channels] ?? NaN) : (fill[i % channels] ?? NaN);
        });
        expect(moved.data).toEqual(expected);
      }),
    );
  });

  it("mirrors as flip does", () => {
    fc.assert(
      fc.property(image, (picture) => {
        expect(k.affine(picture, [-1, 0, picture.width, 0, 1, 0], fill)).toEqual(k.flip(picture));
      }),
    );
  });
});

describe("flip", () => {
  it("undoes itself", () => {
    fc.assert(
      fc.property(image, (picture) => {
        expect(k.flip(k.flip(picture))).toEqual(picture);
      }),
    );
  });
});

describe("blend", () => {
  it("gives the first image for 0, the second for 1, and any of two equal ones", () => {
    fc.assert(
      fc.property(image, fc.double({ min: -3, max: 3, noNaN: true }), (picture, factor) => {
        const other = { ...picture, data: picture.data.map((v) => 255 - v) };
        expect(k.blend(picture, other, 0)).toEqual(picture);
        expect(k.blend(picture, other, 1)).toEqual(other);
        expect(k.blend(picture, picture, factor)).toEqual(picture);
      }),
    );
  });

  // from Pillow's Image.blend; the last number is what comes out if one of these roundings is left out
  it.each([
    [4, 204, 1.045, 212, 213],
    [19, 119, 1.05, 123, 124],
    [222, 22, 1.095, 3, 2],
    [236, 11, 0.8, 56, 55],
    [73, 23, 1.1, 18, 17],
    [219, 69, 1.12, 51, 50],
  ])("rounds factor, product and sum to f32 before it truncates: from %d to %d by %d is %d, not %d", (a, b, factor, expected) => {
    const of = (v: number): Pixels => ({ data: Uint8Array.of(v), width: 1, height: 1, channels: 1 });
    expect(k.blend(of(a), of(b), factor).data[0]).toBe(expected);
  });

  it("refuses images of different sizes", () => {
    const small = { data: new Uint8Array(4), width: 2, height: 2, channels: 1 };
    expect(() => k.blend(small, { ...small, width: 4, height: 1 }, 0.5)).toThrow("blend: the second image must be 2×2×1, got 4×1×1");
  });
});

describe("lookUp", () => {
  it("changes nothing by tables of the values themselves", () => {
    fc.assert(
      fc.property(image, (picture) => {
        expect(k.lookUp(picture, ramp(picture.channels))).toEqual(picture);
      }),
    );
  });

  it("uses the table of each channel", () => {
    const tables = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 256) + 7);
    const picture = { data: new Uint8Array(6), width: 2, height: 1, channels: 3 };
    expect([...k.lookUp(picture, tables).data]).toEqual([7, 8, 9, 7, 8, 9]);
    expect(() => k.lookUp(picture, tables.subarray(1))).toThrow("lookUp: the tables of 3 channels must be 768 numbers, got 767");
  });
});

describe("grey", () => {
  it("keeps greys, and gives all channels the same", () => {
    fc.assert(
      fc.property(imageOf(fc.constant(3)), (picture) => {
        const once = k.grey(picture);
        expect(k.grey(once)).toEqual(once);
        expect(once.data.every((value, i) => value === once.data[i - (i % 3)])).toBe(true);
      }),
    );
  });

  it("refuses an image of one channel", () => {
    expect(() => k.grey({ data: new Uint8Array(1), width: 1, height: 1, channels: 1 })).toThrow(
      "grey: the image must have 3 channels, got 1",
    );
  });
});

describe("smooth", () => {
  it("commutes with mirroring, and copies the border", () => {
    fc.assert(
      fc.property(image, (picture) => {
        expect(k.smooth(k.flip(picture))).toEqual(k.flip(k.smooth(picture)));
        const row = picture.width * picture.channels;
        expect(k.smooth(picture).data.subarray(0, row)).toEqual(picture.data.subarray(0, row));
      }),
    );
  });
});

describe("histogram", () => {
  it("counts every pixel once in each channel", () => {
    fc.assert(
      fc.property(image, (picture) => {
        const counts = k.histogram(picture);
        const occurrences = Array.from(counts.keys(), (i) => {
          const [v, c] = [i % 256, Math.floor(i / 256)];
          return picture.data.filter((value, at) => value === v && at % picture.channels === c).length;
        });
        expect([...counts]).toEqual(occurrences);
      }),
      { numRuns: 20 },
    );
  });
});

describe("planes", () => {
  it("puts the channels one after the other", () => {
    const out = new Uint8Array(6);
    const picture = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1, channels: 3 };
    k.planes(picture, out);
    expect([...out]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(() => k.planes(picture, new Uint8Array(5))).toThrow("planes: out must be 6 numbers, got 5");
  });
});
