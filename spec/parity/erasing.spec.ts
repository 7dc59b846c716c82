/** Random erasing against timm (fixtures/erasing). */
import { describe, expect, it } from "vitest";
import type { Rectangle } from "../../src/data/augment/draw.ts";
import { erasedRectangle } from "../../src/data/augment/erasing.ts";
import type { Place, Try } from "../../src/data/augment/rectangles.ts";
import { erased, sameNumbers } from "../helpers/erased.ts";
import { textOf } from "../helpers/fixtures.ts";
import { picturesOf } from "../helpers/pictures.ts";

interface Fixture {
  readonly cases: readonly (Rectangle & { readonly name: string; readonly H: number; readonly W: number })[];
  readonly rect_from_draws: readonly {
    readonly H: number;
    readonly W: number;
    readonly u_apply: number;
    readonly area_fraction_and_log_aspect: readonly Try[];
    readonly int_fraction: Place;
    readonly rect: Rectangle | null;
  }[];
}

const { cases, rect_from_draws: rectangles }: Fixture = JSON.parse(textOf("erasing/erasing.json"));
const { numbers } = picturesOf("erasing/erasing.safetensors");

/** The probability of the fixture's draws. */
const PROBABILITY = 0.25;

describe("the erased rectangle", () => {
  it.each(rectangles)("follows from the draws as in timm: $W×$H, $rect", (drawn) => {
    const { H, W, u_apply, area_fraction_and_log_aspect: tries, int_fraction: place, rect } = drawn;
    expect(u_apply > PROBABILITY ? null : erasedRectangle({ width: W, height: H }, { tries, place })).toEqual(rect);
  });

  it("is drawn in some of the cases", () => {
    expect(rectangles.filter(({ rect }) => rect !== null).length).toBeGreaterThan(5);
  });
});

describe("erasing", () => {
  it.each(cases)("replaces the rectangle by noise, and nothing else: $name", ({ name, H, W, ...rectangle }) => {
    const noise = { ...rectangle, data: numbers(`${name}.noise`) };
    expect(sameNumbers(erased({ data: numbers(`${name}.x`), height: H, width: W }, noise), numbers(`${name}.y`))).toBe(true);
  });
});
