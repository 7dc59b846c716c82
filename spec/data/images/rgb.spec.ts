import { describe, expect, it } from "vitest";
import { rgbOf, type Samples } from "../../../src/data/images/rgb.ts";

const pixel = (data: Samples["data"], colour: Samples["colour"], wide: Samples["wide"] = "high byte"): readonly number[] => [
  ...rgbOf({ data, width: 1, height: 1, channels: data.length, colour, wide }).data,
];

// each computed by hand from Pillow's rule (deit.md 7.12)
describe("rgbOf", () => {
  it.each([
    ["repeats grey", Uint8Array.of(7), "grey", [7, 7, 7]],
    ["drops the alpha of grey", Uint8Array.of(7, 0), "grey", [7, 7, 7]],
    [
      "drops the alpha of a colour without blending, since a canvas gives four numbers a pixel",
      Uint8Array.of(1, 2, 3, 0),
      "rgb",
      [1, 2, 3],
    ],
    ["keeps RGB", Uint8Array.of(1, 2, 3), "rgb", [1, 2, 3]],
    ["subtracts ink from white", Uint8Array.of(255, 0, 100, 0), "cmyk", [0, 255, 155]],
    ["subtracts ink from what black leaves", Uint8Array.of(255, 0, 100, 155), "cmyk", [0, 100, 61]], // 100 − 100·100/255 = 60.8
  ] as const)("%s", (_, data, colour, expected) => {
    expect(pixel(data, colour)).toEqual(expected);
  });

  it("takes the high byte of 16 bits, but clips plain grey at 255", () => {
    expect(pixel(Uint16Array.of(0x1234, 0xff80, 0x00ff), "rgb")).toEqual([0x12, 0xff, 0]);
    expect(pixel(Uint16Array.of(0x0100), "grey", "cut off")).toEqual([255, 255, 255]);
    expect(pixel(Uint16Array.of(0x00fe), "grey", "cut off")).toEqual([254, 254, 254]);
    expect(pixel(Uint16Array.of(0x1234, 0), "grey")).toEqual([0x12, 0x12, 0x12]);
  });
});
