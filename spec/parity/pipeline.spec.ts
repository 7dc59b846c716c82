/** Whole views, from the crop to erasing, against torchvision and timm on Pillow (fixtures/pipeline). */
import { describe, expect, it } from "vitest";
import type { ViewDraw } from "../../src/data/augment/draw.ts";
import { applyView } from "../../src/data/augment/view.ts";
import { normalisedTensor } from "../../src/data/images/preprocess.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import { erased, IMAGENET_STATISTICS, sameNumbers } from "../helpers/erased.ts";
import { textOf } from "../helpers/fixtures.ts";
import { pictureDifference, picturesOf } from "../helpers/pictures.ts";

const { S, cases }: { readonly S: number; readonly cases: readonly (ViewDraw & { readonly name: string })[] } = JSON.parse(
  textOf("pipeline/pipeline.json"),
);
const { picture, numbers } = picturesOf("pipeline/pipeline.safetensors");

/** The draw with its first operations only. */
const upTo = (draw: ViewDraw, operations: number): ViewDraw => ({ ...draw, ops: draw.ops.slice(0, operations) });

describe.each(cases)("the view $name", ({ name, ...draw }) => {
  const image = picture("image");
  const view = applyView(plainKernels, image, draw, S);

  it.each([
    ["1_crop_resize", upTo({ ...draw, flip: false }, 0)],
    ["2_flip", upTo(draw, 0)],
    ["3_op0", upTo(draw, 1)],
    ["3_op1", upTo(draw, 2)],
  ])("equals timm's after step %s", (step, partial) => {
    expect(pictureDifference(applyView(plainKernels, image, partial, S), picture(`${name}.${step}`))).toBeNull();
  });

  it("equals torchvision's once normalised", () => {
    expect(sameNumbers(normalisedTensor(view, IMAGENET_STATISTICS), numbers(`${name}.5_normalised`))).toBe(true);
  });

  it("equals timm's with its noise in the erased rectangle", () => {
    const normalised = { data: normalisedTensor(view, IMAGENET_STATISTICS), height: S, width: S };
    const noise = draw.erasing === null ? null : { ...draw.erasing, data: numbers(`${name}.noise`) };
    expect(sameNumbers(erased(normalised, noise), numbers(`${name}.6_erased`))).toBe(true);
  });
});

describe("the views of the fixture", () => {
  it("are mirrored or not, erased or not, with operations applied or skipped", () => {
    expect(new Set(cases.map(({ flip }) => flip)).size).toBe(2);
    expect(new Set(cases.map(({ erasing }) => erasing === null)).size).toBe(2);
    expect(new Set(cases.flatMap(({ ops }) => ops.map(({ applied }) => applied))).size).toBe(2);
  });
});
