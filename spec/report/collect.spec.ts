import { describe, expect, it } from "vitest";
import type { HostArray } from "../../src/check/host.ts";
import { gap } from "../../src/check/close.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { attention } from "../../src/ops/attention.ts";
import { fuse, fusedTable } from "../../src/ops/observe.ts";
import { networkInputsOf } from "../../src/recording/steps/networkInputs.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { collect, decisionsAndAttention, MOST_EXAMPLES, MOST_JUDGED } from "../../src/report/collect.ts";
import { confusions, mostConfused } from "../../src/report/confusion.ts";
import { axis } from "../../src/tensor/tensor.ts";
import { evaluate } from "../../src/train/evaluation/evaluate.ts";
import { evaluationBatches } from "../helpers/batches.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";
import { sample } from "./samples.ts";

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("what a report collects", () => {
  it("is a decision on every image; the share of right ones is the accuracy", async () => {
    const { engine, model, dataset, normalisation, collected } = sample();
    const { judged, images } = await collected();
    const { top1 } = await evaluate(engine, model, evaluationBatches(dataset, 4, normalisation), "mean");
    expect(images).toBe(dataset.count);
    expect(judged.map(({ label }) => label)).toEqual(Array.from({ length: dataset.count }, (_, i) => dataset.label(i)));
    expect(judged.filter(({ label, decision }) => label === decision).length / dataset.count).toBe(top1);
  });

  it("covers MOST_JUDGED images at equal distances in a larger set", async () => {
    const { judged, images } = await sample({ imageSize: 2, width: 2, depth: 1, heads: 1 }, MOST_JUDGED + 500).collected();
    expect(images).toBe(MOST_JUDGED + 500);
    expect(judged).toHaveLength(MOST_JUDGED);
    const samples = judged.map(({ sample: at }) => at);
    expect(new Set(samples).size).toBe(MOST_JUDGED);
    expect(samples.at(-1)).toBeGreaterThan(MOST_JUDGED + 490);
  });

  it("has right and wrong examples of several classes, the right ones first", async () => {
    const { dataset, collected } = sample({}, 40);
    const { examples } = await collected();
    const right = examples.map(({ label, decisions }) => decisions.at(-1)?.decision === label);
    expect(examples).toHaveLength(MOST_EXAMPLES);
    expect(right).toEqual(right.toSorted((a, b) => Number(b) - Number(a)));
    expect(right.filter((yes) => !yes)).toHaveLength(MOST_EXAMPLES / 2);
    expect(new Set(examples.filter((_, i) => right[i] === false).map(({ label }) => label)).size).toBeGreaterThan(1);
    for (const { sample: at, label, pixels } of examples) {
      expect(label).toBe(dataset.label(at));
      const image = await dataset.image(at);
      expect(pixels).toEqual(Float64Array.from(image.data, (v) => v / 255));
    }
  });

  it.each([
    ["a distilled model", { distilled: true }, ["class", "distillation", "fused"], 2],
    ["a plain model", { distilled: false }, ["class", "fused"], 1],
    ["images of three channels", { channels: 3 }, ["class", "distillation", "fused"], 2],
  ])("has a row of attention for each token, which sums to 1: %s", async (_, changes, by, P) => {
    const { examples } = await sample(changes).collected();
    expect(examples.length).toBeGreaterThan(0);
    for (const { attention: rows, decisions } of examples) {
      expect(decisions.map((d) => d.by)).toEqual(by);
      expect(rows).toHaveLength(P);
      for (const row of rows) {
        expect(row).toHaveLength(P + 4);
        expect(Math.abs(sum(row) - 1)).toBeLessThan(tolerances.equation.f64.bound);
      }
    }
  });

  it("has the same attention from an engine with a fused attention kernel", async () => {
    const { engine, model, dataset, normalisation, collected } = sample();
    const whole = fuse(attention, {
      ...attention,
      forward: (k, inputs, attrs) => attention.forward(k.within({ visitor: null, fused: fusedTable() }), inputs, attrs),
    });
    const fused = { ...engine, kernels: engine.kernels.within({ fused: fusedTable(whole) }) };
    expect((await collect(fused, model, dataset, { side: model.config.imageSize, normalisation, most: MOST_JUDGED })).examples).toEqual(
      (await collected()).examples,
    );
  });

  it("leaves no tensor alive", async () => {
    const { engine, collected } = sample();
    const before = engine.memory().live;
    await collected();
    expect(engine.memory().live).toBe(before);
  });
});

describe("attention in a report", () => {
  it("equals PyTorch's: the mean over the heads, last block, first two rows", async () => {
    const recording = readRecording(bytesOf("recordings/odd-sizes-distilled-f64.safetensors"));
    const { model: config } = recording.configuration;
    const engine = referenceEngine();
    const { params } = networkInputsOf(engine.kernels, recording).inputs;
    const images = tensorOf(recording.given, "images");
    const examples = await decisionsAndAttention(engine, { config, params }, (k) => k.upload(images.shape, images.data));

    const probs = tensorOf(recording.results, `taps/blocks.${config.depth - 1}.attn.probs`);
    const [h, T] = [axis(probs.shape, 1), axis(probs.shape, 2)];
    const recorded = (b: number, row: number, column: number): number =>
      sum(Array.from({ length: h }, (_, m) => probs.data[((b * h + m) * T + row) * T + column] ?? NaN)) / h;
    const array = (rows: readonly (readonly number[])[]): HostArray => ({ shape: [rows.length, T], data: Float64Array.from(rows.flat()) });
    expect(examples).toHaveLength(recording.batch);
    for (const [b, { attention: rows }] of examples.entries()) {
      const expected = [0, 1].map((row) => Array.from({ length: T }, (_, column) => recorded(b, row, column)));
      expect(gap(array(rows), array(expected))).toBeLessThan(tolerances.recording.f64.bound);
    }
  });
});

describe("confusions", () => {
  const judged = [
    { label: 2, decision: 0 },
    { label: 0, decision: 0 },
    { label: 0, decision: 1 },
    { label: 2, decision: 0 },
    { label: 0, decision: 0 },
    { label: 0, decision: 0 },
  ];

  it("count each pair of true class and decision, as a share of the class", () => {
    expect(confusions(judged)).toEqual([
      { label: 0, decision: 0, count: 3, share: 0.75 },
      { label: 0, decision: 1, count: 1, share: 0.25 },
      { label: 2, decision: 0, count: 2, share: 1 },
    ]);
  });

  it("sum to the number of images", async () => {
    const { judged: all, images } = await sample().collected();
    expect(sum(confusions(all).map(({ count }) => count))).toBe(images);
  });

  it("are mistakes where the decision is another class, the most frequent first", () => {
    expect(mostConfused(confusions(judged), 5).map(({ label, decision }) => [label, decision])).toEqual([
      [2, 0],
      [0, 1],
    ]);
    expect(mostConfused(confusions(judged), 1)).toHaveLength(1);
  });
});
