/** The student's images as a teacher of another size and normalisation takes them, and several teachers as one, against PyTorch (fixtures/teacherImages). */
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { evaluateOne, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { meanOfTeachers } from "../../src/losses/meanOfTeachers.ts";
import { resizedImages, seenBy, type View } from "../../src/train/teachers/images.ts";
import { tensorOf, tensorsOf } from "../helpers/fixtures.ts";

const tensors = tensorsOf("teacherImages/images.safetensors");
const images = tensorOf(tensors, "images");
const student: View = { side: 16, normalisation: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } };
const teacherOf = (side: number): View => ({ side, normalisation: { mean: [0.5, 0.4, 0.3], std: [0.5, 0.25, 0.125] } });

/** The bound of an equation on this engine. */
const bound = ({ precision }: Engine): number => tolerances.equation[precision].bound;

const engines: readonly (readonly [string, () => Engine | Promise<Engine>])[] = [
  ["reference", referenceEngine],
  ["wasm", () => wasmEngine()],
];

describe.each(engines)("on the %s engine", (_, open) => {
  it.each([8, 16, 24, 35])("images of 16 × 16 are resized to %i × %i as by torch's bicubic interpolation", async (side) => {
    const engine = await open();
    const resized: HostArray = await evaluateOne(engine, (k) => resizedImages(k, k.upload(images.shape, images.data), side));
    expect(gap(resized, tensorOf(tensors, `resized.${side}`))).toBeLessThan(bound(engine));
  });

  it.each([8, 16, 24, 35])("and normalised by the teacher's statistics at %i × %i", async (side) => {
    const engine = await open();
    const seen = await evaluateOne(engine, (k) => seenBy(k, k.upload(images.shape, images.data), student, teacherOf(side)));
    expect(gap(seen, tensorOf(tensors, `seen.${side}`))).toBeLessThan(bound(engine));
  });

  it("three teachers give the logarithm of the mean of their distributions", async () => {
    const engine = await open();
    const { shape, data } = tensorOf(tensors, "logits");
    const [M = 0, ...one] = shape;
    const size = data.length / M;
    const mean = await evaluateOne(engine, (k) =>
      meanOfTeachers(
        k,
        Array.from({ length: M }, (_, m) => k.upload(one, data.subarray(m * size, (m + 1) * size))),
      ),
    );
    expect(gap(mean, tensorOf(tensors, "mean"))).toBeLessThan(bound(engine));
  });
});

it("images of the same view are the same tensor", () => {
  const k = referenceEngine().kernels;
  const x = k.upload(images.shape, images.data);
  expect(seenBy(k, x, student, student)).toBe(x);
});
