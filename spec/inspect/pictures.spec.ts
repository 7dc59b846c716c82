import { describe, expect, it } from "vitest";
import type { Pixels } from "../../src/data/pixels/pixels.ts";
import { heatMap, overlay, painted, pictureOf, resized, sheet } from "../../src/inspect/pictures.ts";

/** The bytes of a pixel. */
const at = ({ data, width }: Pixels, x: number, y: number): readonly number[] => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

const [black, white] = [
  [0, 0, 0],
  [255, 255, 255],
];
const grey = (value: number, side: number): Pixels => painted(side, side, () => [value, value, value]);

describe("a picture", () => {
  it("of three channels is in colour", () => {
    const picture = pictureOf(Float64Array.of(1, 0, 0, 0, /* green */ 0, 1, 0, 0, /* blue */ 0, 0, 1, 0.5), 2);
    expect([at(picture, 0, 0), at(picture, 1, 0), at(picture, 0, 1), at(picture, 1, 1)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [0, 0, 128],
    ]);
  });

  it("of one channel is grey", () => {
    expect(at(pictureOf(Float64Array.of(0, 0.2, 0.4, 3), 2), 1, 1)).toEqual([255, 255, 255]);
    expect(at(pictureOf(Float64Array.of(0, 0.2, 0.4, 3), 2), 1, 0)).toEqual([51, 51, 51]);
  });

  it("is enlarged by copying pixels, and reduced by averaging them", () => {
    const picture = pictureOf(Float64Array.of(0, 0.2, 0.4, 0.6), 2);
    expect([0, 1, 2, 3].map((x) => at(resized(picture, 4, 4), x, 3)[0])).toEqual([102, 102, 153, 153]);
    expect(at(resized(picture, 1, 1), 0, 0)).toEqual([77, 77, 77]);
  });
});

describe("a map", () => {
  const times = Float64Array.of(0, 1, 0.5, 4);

  it("shows a patch as a square: black for nothing, white for the top of the scale and beyond", () => {
    const map = heatMap(times, 6, 1);
    expect([at(map, 0, 0), at(map, 2, 2), at(map, 3, 3), at(map, 5, 5)]).toEqual([black, black, white, white]);
    expect(at(map, 2, 3)).toEqual(black); // ½×, the bottom of this scale
    expect(at(heatMap(times, 6, 2), 2, 3)).not.toEqual(black);
  });

  it.each([1, 2, 4])("has medium brightness everywhere if attention is uniform: %d doublings", (d) => {
    const map = heatMap(Float64Array.of(1, 1, 1, 1), 4, d);
    const [red = NaN, green = NaN, blue = NaN] = at(map, 0, 0);
    expect(new Set(Array.from({ length: 16 }, (_, i) => at(map, i % 4, i >> 2).join())).size).toBe(1);
    const seen = (0.3 * red + 0.59 * green + 0.11 * blue) / 255;
    expect([seen > 0.4, seen < 0.6]).toEqual([true, true]);
  });

  it("over a picture dims it where the map is dark, and brightens it where the map is bright", () => {
    const [dark, bright] = [overlay(grey(0, 4), times, 1), overlay(grey(1, 4), times, 1)];
    for (const [x, y] of [[0, 0], [3, 3], [3, 0]] as const) expect(at(dark, x, y)).not.toEqual(at(bright, x, y)); // prettier-ignore
    expect([at(dark, 0, 0), at(bright, 3, 3)]).toEqual([black, white]);
    expect(at(bright, 0, 0)[0]).toBeLessThan(255 / 4);
    expect(at(overlay(grey(0.5, 4), times, 1), 3, 3)[0]).toBeGreaterThan(255 / 2);
  });
});

describe("a sheet", () => {
  it("has its pictures in rows and columns, with grey between them and where one is missing", () => {
    const whole = sheet([[grey(0, 2), grey(0.2, 2)], [grey(0.4, 2)]]);
    expect([whole.width, whole.height]).toEqual([8, 8]);
    const row = (y: number): readonly (number | undefined)[] => [0, 1, 2, 5, 6, 7].map((x) => at(whole, x, y)[0]);
    expect([row(0), row(1), row(3), row(6), row(7)]).toEqual([
      [0, 0, 136, 136, 51, 51],
      [0, 0, 136, 136, 51, 51],
      [136, 136, 136, 136, 136, 136],
      [102, 102, 136, 136, 136, 136],
      [102, 102, 136, 136, 136, 136],
    ]);
  });
});
