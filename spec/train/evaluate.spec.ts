import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/loader/batch.ts";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { deitConfig } from "../../src/model/config.ts";
import { deitLogits } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { buildParams } from "../../src/model/params.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { mapTree } from "../../src/tensor/tree.ts";
import { deitAttrs } from "../../src/train/step/deitTask.ts";
import { evaluate, evaluateHeads, evaluationBatch, imagesAtOnce } from "../../src/train/evaluation/evaluate.ts";
import { uploadBatch } from "../../src/train/step/uploadBatch.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { notingPlans } from "../helpers/planned.ts";
import { evaluationBatches } from "../helpers/batches.ts";
import { tiny } from "./tiny.ts";

const engine = referenceEngine();
const k = engine.kernels;
const config = tiny.model;
const dataset = synthetic(30, { channels: 1, side: 4, classes: 3 });
const batches = (size: number): Batches => evaluationBatches(dataset, size, tiny.data);
/** Scaled initial parameters, with which the heads differ. */
const params = mapTree(initialParams(k, config, keyOf(1)), (t) => k.scale(t, 8));
const model = { config, params };

/** Both heads' logits for each image. */
async function bothLogits(): Promise<readonly (readonly [Float64Array, Float64Array])[]> {
  const row = (values: ArrayLike<number> | undefined, i: number): Float64Array =>
    Float64Array.from(values ?? []).subarray(3 * i, 3 * i + 3);
  for await (const batch of batches(dataset.count)) {
    const { head, head_dist } = deitLogits.forward(k, { images: uploadBatch(k, batch).images, params }, deitAttrs(k, config)).out;
    const [c, d] = await Promise.all([head, head_dist ?? head].map(engine.read));
    return batch.labels.map((_, i) => [row(c, i), row(d, i)] as const);
  }
  return [];
}

const argmax = (row: Float64Array): number => row.indexOf(Math.max(...row));
const softmax = (row: Float64Array): Float64Array => {
  const sum = row.reduce((s, z) => s + Math.exp(z), 0);
  return row.map((z) => Math.exp(z) / sum);
};
const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + (b[i] ?? NaN));

/** The share of right decisions, and the mean of −log p of the label. */
async function expected(
  score: (c: Float64Array, d: Float64Array) => Float64Array,
  p: (c: Float64Array, d: Float64Array) => Float64Array,
): Promise<readonly [number, number]> {
  const rows = await bothLogits();
  const right = rows.filter(([c, d], i) => argmax(score(c, d)) === dataset.label(i)).length;
  const loss = rows.reduce((sum, [c, d], i) => sum - Math.log(p(c, d)[dataset.label(i)] ?? NaN), 0);
  return [right / rows.length, loss / rows.length];
}

const halved = (row: Float64Array): Float64Array => row.map((x) => x / 2);

describe("evaluate", () => {
  it.each([
    ["class", (c: Float64Array) => c, (c: Float64Array) => softmax(c)],
    ["distillation", (_: Float64Array, d: Float64Array) => d, (_: Float64Array, d: Float64Array) => softmax(d)],
    ["mean", plus, (c: Float64Array, d: Float64Array) => softmax(halved(plus(c, d)))],
    [
      "softmax-sum",
      (c: Float64Array, d: Float64Array) => plus(softmax(c), softmax(d)),
      (c: Float64Array, d: Float64Array) => halved(plus(softmax(c), softmax(d))),
    ],
  ] as const)("by %s gives the accuracy and the loss of that rule", async (head, score, p) => {
    const [top1, loss] = await expected(score, p);
    const evaluation = await evaluate(engine, model, batches(7), head);
    expect(evaluation.top1).toBe(top1);
    expect(evaluation.loss).toBeCloseTo(loss, 10);
  });

  it("counts the images that the heads disagree on", async () => {
    const rows = await bothLogits();
    const apart = rows.filter(([c, d]) => argmax(c) !== argmax(d)).length / rows.length;
    expect((await evaluate(engine, model, batches(7), "mean")).disagreement).toBe(apart);
    expect(apart).toBeGreaterThan(0);
  });

  it("gives the same for any batch size", async () => {
    const [one, other] = [await evaluateHeads(engine, model, batches(1)), await evaluateHeads(engine, model, batches(30))];
    expect(one.mean.top1).toBe(other.mean.top1);
    expect(one["softmax-sum"].loss).toBeCloseTo(other["softmax-sum"].loss, 12);
  });

  it("leaves no tensor allocated", async () => {
    const before = engine.memory().live;
    await evaluateHeads(engine, model, batches(7));
    expect(engine.memory().live).toBe(before);
  });

  it("uses a plain model's one head for every rule", async () => {
    const plain = { ...config, distilled: false };
    const result = await evaluateHeads(engine, { config: plain, params: initialParams(k, plain, keyOf(1)) }, batches(7));
    expect(result.distillation).toBeNull();
    expect(result.mean).toEqual(result.class);
    expect(result.class.disagreement).toBeNull();
    expect(result["softmax-sum"].loss).toBeCloseTo(result.class.loss, 12);
  });

  it("refuses the distillation head of a plain model", async () => {
    const plain = { ...config, distilled: false };
    const evaluation = evaluate(engine, { config: plain, params: initialParams(k, plain, keyOf(1)) }, batches(7), "distillation");
    await expect(evaluation).rejects.toThrow("evaluate: a model with one head has no distillation head");
  });
});

describe("imagesAtOnce", () => {
  it("is as many as fit into the memory that is left, at most as many as are asked for, and at least 1", async () => {
    const wasm = await wasmEngine();
    const { noting, planned } = notingPlans(wasm);
    const deit = {
      config: deitConfig("deit-tiny-distilled"),
      params: buildParams(deitConfig("deit-tiny-distilled"), (_, shape) => wasm.kernels.zeros(shape)),
    };
    const within = (capacity: number): number => imagesAtOnce({ ...noting, capacity }, deit);
    expect(within(2 ** 32)).toBe(evaluationBatch(wasm, deit.config));
    const whole = Math.max(...planned);
    const fitting = within(whole / 2);
    expect(fitting).toBeGreaterThan(2);
    expect(fitting).toBeLessThan(8);
    expect(within(0)).toBe(1);
    expect(imagesAtOnce(engine, model)).toBe(512);
  });

  it("and as many as keep the engine busy, more of a smaller model", () => {
    const [tiny, base] = ["deit-tiny", "deit-base"].map((name) => evaluationBatch(engine, deitConfig(name)));
    expect([tiny, base]).toEqual([13, 3]);
    expect(evaluationBatch({ ...engine, finish: () => Promise.resolve() }, deitConfig("deit-base"))).toBe(221);
  });
});
