/** The field numbers in this file come from onnx.proto, not from the writer. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describe as sayHow, gap } from "../../../src/check/close.ts";
import type { Leaves } from "../../../src/check/host.ts";
import { tolerances } from "../../../src/check/tolerance.ts";
import { OnnxError } from "../../../src/io/onnx/wire.ts";
import { writeOnnx } from "../../../src/io/onnx/write.ts";
import { numbersOf, type Stored } from "../../../src/io/safetensors/safetensors.ts";
import { WeightsError, type Weights } from "../../../src/io/weights/weights.ts";
import { checkedConfig, type DeitConfig } from "../../../src/model/config.ts";
import { parameterShapes } from "../../../src/model/params.ts";
import { tapShapes } from "../../../src/recording/format/tensorSpecs.ts";
import { tensorOf } from "../../helpers/fixtures.ts";
import { onOnnxruntime, type RunOnnx } from "../../helpers/onnxruntime.ts";
import { fieldsOf, hashedImages, hashedWeights, small, tapsOf } from "./helpers.ts";

const weights = hashedWeights(small, 7);
const withTensors = (change: (tensors: Map<string, Stored>) => unknown): Weights => {
  const tensors = new Map(weights.tensors);
  change(tensors);
  return { ...weights, tensors };
};

const bytesOf = (value: Uint8Array | number | undefined): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw new Error(`the file has ${value} where bytes are expected`);
  return value;
};
const textOf = (value: Uint8Array | number | undefined): string => new TextDecoder().decode(bytesOf(value));

/** The initializers that are weights, as f32. */
function weightsIn(file: Uint8Array, of: Weights): ReadonlyMap<string, Stored> {
  const graph = fieldsOf(bytesOf(fieldsOf(file).get(7)?.[0]));
  const found = new Map<string, Stored>();
  for (const initializer of graph.get(5) ?? []) {
    const fields = fieldsOf(bytesOf(initializer));
    const [name, shape] = [textOf(fields.get(8)?.[0]), fields.get(1)?.map(Number) ?? []];
    if (of.tensors.has(name)) found.set(name, { dtype: "F32", shape, data: new Float32Array(bytesOf(fields.get(9)?.[0]).slice().buffer) });
  }
  return found;
}

describe("an ONNX file", () => {
  const file = writeOnnx(weights, { taps: false });

  it("has equal bytes for equal weights", () => {
    expect(Buffer.compare(file, writeOnnx(hashedWeights(small, 7), { taps: false }))).toBe(0);
  });

  it("does not depend on the order of the tensors", () => {
    expect(Buffer.compare(file, writeOnnx({ ...weights, tensors: new Map([...weights.tensors].toReversed()) }, { taps: false }))).toBe(0);
  });

  it("holds every weight under timm's name and in timm's shape, bitwise identical", () => {
    const found = weightsIn(file, weights);
    expect(found.size).toBe(weights.tensors.size);
    for (const [name, stored] of weights.tensors) expect(found.get(name)).toEqual(stored);
  });

  it("rounds f64 to f32", () => {
    const exact = withTensors((tensors) => {
      for (const [name, stored] of weights.tensors)
        tensors.set(name, { dtype: "F64", shape: stored.shape, data: numbersOf(stored).map((x) => x / 3) });
    });
    const found = weightsIn(writeOnnx(exact, { taps: false }), exact);
    for (const [name, stored] of exact.tensors) expect(found.get(name)?.data).toEqual(Float32Array.from(numbersOf(stored)));
  });

  it("declares operator set 17 and IR version 8", () => {
    const model = fieldsOf(file);
    expect([model.get(1), fieldsOf(bytesOf(model.get(8)?.[0])).get(2)]).toEqual([[8], [17]]);
  });

  it("has the same metadata deit as a weights file", () => {
    const known = { ...weights, classes: ["a", "b", "c", "d", "ü"], preprocessing: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] } };
    const entry = fieldsOf(bytesOf(fieldsOf(writeOnnx(known, { taps: false })).get(14)?.[0]));
    expect(textOf(entry.get(1)?.[0])).toBe("deit");
    const { config: model, classes, preprocessing } = known;
    expect(JSON.parse(textOf(entry.get(2)?.[0]))).toEqual({ model, classes, preprocessing });
  });
});

describe("an ONNX file is refused", () => {
  it("with a weight missing", () => {
    const partial = withTensors((tensors) => tensors.delete("norm.bias"));
    expect(() => writeOnnx(partial, { taps: false })).toThrow(new WeightsError("weights: nothing named norm.bias"));
  });

  it("with a weight that has too few numbers", () => {
    const short = withTensors((tensors) => tensors.set("norm.bias", { dtype: "F32", shape: [12], data: new Float32Array(11) }));
    expect(() => writeOnnx(short, { taps: false })).toThrow("onnx: norm.bias must have 12 numbers, got 11");
  });

  it("for more than 2 GiB, before any number is read", () => {
    const config = { ...small, width: 12_000 };
    const empty = (shape: readonly number[]): Stored => ({ dtype: "F32", shape, data: new Float32Array(0) });
    const tensors = new Map([...parameterShapes(config)].map(([name, shape]) => [name, empty(shape)]));
    const message = "onnx: the model is larger than 2147483647 bytes, the most that a file of this format can hold";
    expect(() => writeOnnx({ ...weights, config, tensors }, { taps: false })).toThrow(new OnnxError(message));
  });
});

const { bound } = tolerances.recording.f32;

/** One line for each tap whose error exceeds the bound. */
const offOf = (actual: Leaves, expected: Leaves, bound: number): readonly string[] =>
  [...expected].flatMap(([name, want]) => {
    const got = tensorOf(actual, name);
    return gap(got, want) <= bound ? [] : [sayHow(name, got, want, bound)];
  });

/** The taps in which onnxruntime, on the file of `written`, differs from this project on `of`. */
async function offBetween(run: RunOnnx, written: Weights, of: Weights, { B = 2, within = bound } = {}): Promise<readonly string[]> {
  const images = hashedImages(of.config, B, 8);
  const names = new Set(tapShapes(of.config, B).keys());
  return offOf(await run(writeOnnx(written, { taps: true }), images), await tapsOf(names, of, images), within);
}

const models: readonly { readonly title: string; readonly changes: Partial<DeitConfig>; readonly B: number }[] = [
  { title: "a distilled model", changes: {}, B: 2 },
  { title: "a plain model", changes: { distilled: false }, B: 2 },
  { title: "one image", changes: {}, B: 1 },
  { title: "three images", changes: { distilled: false }, B: 3 },
  { title: "one channel and odd sizes", changes: { imageSize: 15, patchSize: 5, channels: 1, width: 21, heads: 3, classes: 7 }, B: 3 },
  { title: "a larger image", changes: { imageSize: 384, patchSize: 32, width: 16, heads: 2, depth: 1 }, B: 1 },
  { title: "one patch and one class", changes: { imageSize: 4, classes: 1 }, B: 2 },
  { title: "fixed positions", changes: { position: "fixed" }, B: 2 },
  { title: "another ε", changes: { layerNormEps: 1e-2 }, B: 2 },
  { title: "a narrow feed-forward network", changes: { mlpRatio: 0.5 }, B: 2 },
];

/** Any model of a few tokens, wide enough that no row happens to vary so little that its norm magnifies rounding. */
const anyModel = fc
  .record({
    grid: fc.integer({ min: 1, max: 3 }),
    patchSize: fc.integer({ min: 1, max: 5 }),
    channels: fc.integer({ min: 1, max: 4 }),
    headWidth: fc.integer({ min: 8, max: 16 }),
    heads: fc.integer({ min: 1, max: 4 }),
    depth: fc.integer({ min: 1, max: 3 }),
    mlpRatio: fc.constantFrom(1, 2, 4),
    classes: fc.integer({ min: 5, max: 9 }),
    distilled: fc.boolean(),
    layerNormEps: fc.constantFrom(1e-6, 1e-5),
  })
  .map(({ grid, headWidth, ...sizes }) =>
    checkedConfig({ ...sizes, imageSize: grid * sizes.patchSize, width: headWidth * sizes.heads, position: "learned" }),
  );

onOnnxruntime((run) => {
  it.each(models)("onnxruntime computes this project's taps for $title", async ({ changes, B }) => {
    const of = hashedWeights(checkedConfig({ ...small, ...changes }), 7);
    expect(await offBetween(run, of, of, { B })).toEqual([]);
  });

  it("onnxruntime computes this project's taps for any small model", async () => {
    const holds = async (config: DeitConfig, seed: number): Promise<void> => {
      const of = hashedWeights(config, seed);
      expect(await offBetween(run, of, of, { within: tolerances.parity.f32.bound })).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(anyModel, fc.nat(), holds), { numRuns: 40 });
  });

  it("the outputs are the logits and heads, then the other taps in the order of a recording", async () => {
    const images = hashedImages(small, 2, 8);
    const first = ["logits", "head", "head_dist"];
    const taps = [...tapShapes(small, 2)];
    const ordered = [...first, ...taps.map(([name]) => name).filter((name) => !first.includes(name))];
    const shown = await run(writeOnnx(weights, { taps: true }), images);
    expect([...shown.keys()]).toEqual(ordered);
    expect(taps.filter(([name, shape]) => String(shown.get(name)?.shape) !== String(shape))).toEqual([]);
  });

  it("without taps, the outputs are the logits and heads alone", async () => {
    const plain = hashedWeights({ ...small, distilled: false }, 7);
    expect([...(await run(writeOnnx(weights, { taps: false }), hashedImages(small, 1, 8))).keys()]).toEqual([
      "logits",
      "head",
      "head_dist",
    ]);
    expect([...(await run(writeOnnx(plain, { taps: false }), hashedImages(small, 1, 8))).keys()]).toEqual(["logits", "head"]);
  });

  it("the logits of a batch are those of its images", async () => {
    const file = writeOnnx(weights, { taps: false });
    const { shape, data } = hashedImages(small, 3, 8);
    const one = { shape: [1, ...shape.slice(1)], data: data.slice(-data.length / 3) };
    const [all, alone] = [tensorOf(await run(file, { shape, data }), "logits"), tensorOf(await run(file, one), "logits")];
    expect(gap(alone, { shape: [1, small.classes], data: all.data.slice(-small.classes) })).toBeLessThanOrEqual(bound);
  });
});

/** The names at the beginning of the lines. */
const namesOf = (off: readonly string[]): readonly string[] => off.map((line) => line.slice(0, line.indexOf("[")));

onOnnxruntime((run) => {
  it("a wrong ε is found at the first norm", async () => {
    const wrong = { ...weights, config: { ...small, layerNormEps: 1e-5 * 10 } };
    expect(namesOf(await offBetween(run, wrong, weights))[0]).toBe("blocks.0.norm1");
  });

  it("exchanged heads are found at the heads, which read each other's token", async () => {
    const swapped = withTensors((tensors) => {
      for (const leaf of ["weight", "bias"])
        for (const [name, other] of [
          ["head", "head_dist"],
          ["head_dist", "head"],
        ] as const) {
          const stored = weights.tensors.get(`${other}.${leaf}`);
          if (stored !== undefined) tensors.set(`${name}.${leaf}`, stored);
        }
    });
    expect(namesOf(await offBetween(run, swapped, weights))).toContain("head");
  });

  it("a changed weight is found where it is used", async () => {
    const zeros: Stored = { dtype: "F32", shape: [4 * small.width], data: new Float32Array(4 * small.width) };
    const changed = withTensors((tensors) => tensors.set("blocks.1.mlp.fc1.bias", zeros));
    expect(namesOf(await offBetween(run, changed, weights))[0]).toBe("blocks.1.mlp.fc1");
  });
});
