import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { judge, scoredByLogits, total } from "../../src/train/evaluation/accuracy.ts";

const engine = referenceEngine();
const k = engine.kernels;

/** Logits of four images for six classes. */
const logits = [
  [9, 1, 2, 3, 4, 5],
  [5, 4, 3, 2, 1, 0],
  [0, 1, 2, 3, 4, 5],
  [2, 2, 1, 1, 0, 0],
];
const judged = (labels: readonly number[], rows: readonly (readonly number[])[] = logits): ReturnType<typeof judge> => {
  const z = k.upload([rows.length, 6], rows.flat());
  const target = k.oneHot(k.upload([labels.length], labels), 6);
  return judge(engine, scoredByLogits(k, z, target), labels);
};

describe("judge", () => {
  it("counts a label with the largest score for top-1", async () => {
    expect((await judged([0, 0, 0, 0])).top1).toBe(3);
  });

  it("counts a label that fewer than five classes precede for top-5", async () => {
    expect((await judged([1, 5, 0, 4])).top5).toBe(1);
    expect((await judged([2, 4, 1, 4])).top5).toBe(4);
  });

  it("prefers the first of equal scores", async () => {
    expect((await judged([1, 1, 1, 1])).top1).toBe(0);
    expect((await judged([0, 0, 0, 0])).decisions).toEqual([0, 0, 5, 0]);
  });

  it("counts a label whose score is NaN as wrong", async () => {
    const { top1, top5 } = await judged([0], [[NaN, 0, 0, 0, 0, 0]]);
    expect([top1, top5]).toEqual([0, 0]);
  });

  it("sums the loss over the images: K log K for equal scores", async () => {
    const flat = [0, 0, 0, 0, 0, 0];
    expect((await judged([0, 1, 2], [flat, flat, flat])).loss).toBeCloseTo(3 * Math.log(6), 12);
  });
});

describe("total", () => {
  it("weighs batches by their images", () => {
    const one = { images: 1, top1: 1, top5: 1, loss: 4, decisions: [0] };
    const three = { images: 3, top1: 0, top5: 1, loss: 0, decisions: [0, 0, 0] };
    expect(total([one, three])).toEqual({ top1: 0.25, top5: 0.5, loss: 1, images: 4 });
  });
});
