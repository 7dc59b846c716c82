/** Random resized crop against torchvision on Pillow (fixtures/rrc). */
import { describe, expect, it } from "vitest";
import { cut } from "../../src/data/pixels/cut.ts";
import type { Rectangle } from "../../src/data/augment/draw.ts";
import type { Try, Place } from "../../src/data/augment/rectangles.ts";
import { resizedCrop } from "../../src/data/augment/resizedCrop.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import { resize } from "../../src/data/pixels/resize.ts";
import { textOf } from "../helpers/fixtures.ts";
import { pictureDifference, picturesOf } from "../helpers/pictures.ts";

interface Fixture {
  readonly cases: readonly (Rectangle & { readonly name: string; readonly image: string; readonly S: number })[];
  readonly resizes: readonly { readonly name: string; readonly image: string; readonly w: number; readonly h: number }[];
  readonly padcrops: readonly { readonly name: string; readonly image: string; readonly top: number; readonly left: number }[];
  readonly box_from_draws: readonly (Rectangle & {
    readonly W: number;
    readonly H: number;
    readonly area_fraction_and_log_aspect: readonly Try[];
    readonly int_fraction: Place;
    readonly fallback: boolean;
  })[];
}

const { cases, resizes, padcrops, box_from_draws: boxes }: Fixture = JSON.parse(textOf("rrc/rrc.json"));
const { picture } = picturesOf("rrc/rrc.safetensors");

/** The zeros around the image of the padded crops. */
const PADDING = 4;

describe("the plain kernels", () => {
  it.each(cases)("crop and resize as Pillow does: $name", ({ name, image, top, left, h, w, S }) => {
    const whole = { left: 0, top: 0, width: S, height: S };
    const resized = plainKernels.resize(picture(`image.${image}`), { left, top, width: w, height: h }, whole, whole);
    expect(pictureDifference(resized, picture(`${name}.crop_then_resize`))).toBeNull();
  });

  it.each(resizes)("resize a whole image as Pillow does: $name", ({ name, image, w, h }) => {
    expect(pictureDifference(resize(picture(`image.${image}`), { width: w, height: h }), picture(name))).toBeNull();
  });
});

describe("a padded crop", () => {
  it.each(padcrops)("has zeros outside the image: $name", ({ name, image, top, left }) => {
    const source = picture(`image.${image}`);
    const region = { ...source, top: top - PADDING, left: left - PADDING };
    expect(pictureDifference(cut(source, region), picture(name))).toBeNull();
  });
});

describe("the rectangle of a resized crop", () => {
  it.each(boxes)("follows from the draws as in torchvision: $W×$H at ($left, $top)", (box) => {
    const { W, H, area_fraction_and_log_aspect: tries, int_fraction: place, top, left, h, w } = box;
    expect(resizedCrop({ width: W, height: H }, [3 / 4, 4 / 3], { tries, place })).toEqual({ top, left, h, w });
  });

  it("is the centre in some of the cases, and one of the tries in others", () => {
    expect(new Set(boxes.map(({ fallback }) => fallback))).toEqual(new Set([true, false]));
  });
});
