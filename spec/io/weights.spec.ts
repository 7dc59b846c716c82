import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { parseSafetensors, writeSafetensors, type Writable } from "../../src/io/safetensors.ts";
import { readTree } from "../../src/io/trees.ts";
import { readWeights, uploadWeights, WeightsError, writeWeights } from "../../src/io/weights.ts";
import { checkedConfig, type DeitConfig } from "../../src/model/config.ts";
import { parameterShapes } from "../../src/model/params.ts";
import { size } from "../../src/tensor/tensor.ts";

const config: DeitConfig = checkedConfig({
  imageSize: 12,
  patchSize: 4,
  channels: 2,
  width: 64,
  depth: 1,
  heads: 4,
  mlpRatio: 0.25,
  classes: 3,
  distilled: true,
  layerNormEps: 1e-5,
  position: "learned",
});

const tensorsOf = (of: DeitConfig): ReadonlyMap<string, Writable> =>
  new Map(
    [...parameterShapes(of)].map(([name, shape], i): [string, Writable] => [
      name,
      { dtype: "F64", shape, data: Float64Array.from({ length: size(shape) }, (_, j) => i + j / 7) },
    ]),
  );
const tensors = tensorsOf(config);
const weights = { config, classes: ["cat", "dog", "ü"], preprocessing: { mean: [0.4, 0.5], std: [0.2, 0.3] }, tensors };
const without = (name: string): ReadonlyMap<string, Writable> => new Map([...tensors].filter(([other]) => other !== name));
const withAbout = (about: unknown): Uint8Array => writeSafetensors(tensors, new Map([["deit", JSON.stringify(about)]]));
const about = { model: config, classes: weights.classes, preprocessing: weights.preprocessing };

describe("weights", () => {
  it("read back as they were written", () => {
    expect(readWeights(writeWeights(weights))).toEqual(weights);
  });

  it("stand in timm's order, whatever order they come in", () => {
    const shuffled = new Map([...tensors].toReversed());
    expect(Buffer.compare(writeWeights({ ...weights, tensors: shuffled }), writeWeights(weights))).toBe(0);
    expect([...parseSafetensors(writeWeights(weights)).tensors.keys()].slice(0, 4)).toEqual([
      "cls_token",
      "pos_embed",
      "dist_token",
      "patch_embed.proj.weight",
    ]);
  });

  it("say model, class names and preprocessing in the metadata deit, and nothing else", () => {
    const { metadata } = parseSafetensors(writeWeights(weights));
    expect([...metadata.keys()]).toEqual(["deit"]);
    expect(JSON.parse(metadata.get("deit") ?? "")).toEqual(about);
  });

  it("may leave class names and preprocessing open", () => {
    const open = { ...weights, classes: null, preprocessing: null };
    expect(readWeights(writeWeights(open))).toEqual(open);
  });

  it("go to an engine under their names", async () => {
    const engine = referenceEngine();
    expect(await readTree(engine, uploadWeights(engine.kernels, weights))).toEqual(tensors);
  });
});

describe("weights without metadata", () => {
  it.each([true, false])("give their model by their shapes (distilled: %s)", (distilled) => {
    const own = { ...config, distilled, layerNormEps: 1e-6 };
    const read = readWeights(writeSafetensors(tensorsOf(own)), { heads: 4 });
    expect(read).toEqual({ config: own, classes: null, preprocessing: null, tensors: tensorsOf(own) });
  });

  it("have heads of width 64 unless told", () => {
    expect(readWeights(writeSafetensors(tensors)).config.heads).toBe(1);
  });

  it("need to be told the heads where 64 does not divide the width", () => {
    const narrow = { ...config, width: 32 };
    expect(() => readWeights(writeSafetensors(tensorsOf(narrow)))).toThrow(
      "weights: no metadata deit, and width 32 is no multiple of 64: give the number of heads",
    );
  });

  it("that are of something else are refused", () => {
    expect(() => readWeights(writeSafetensors(new Map()))).toThrow(
      "weights: no metadata deit, and no tensor cls_token to tell the model by",
    );
  });
});

describe("weights are refused", () => {
  it("with a parameter missing", () => {
    expect(() => writeWeights({ ...weights, tensors: without("head_dist.bias") })).toThrow("weights: nothing named head_dist.bias");
  });

  it("with a parameter too many", () => {
    const more = new Map([...tensors, ["head2.bias", { dtype: "F32", shape: [1], data: Float32Array.of(0) }] as const]);
    expect(() => writeWeights({ ...weights, tensors: more })).toThrow("weights: head2.bias is no parameter of this model");
  });

  it("with a parameter of another shape", () => {
    const wrong = new Map([...tensors, ["cls_token", { dtype: "F32", shape: [64], data: new Float32Array(64) }] as const]);
    expect(() => writeWeights({ ...weights, tensors: wrong })).toThrow("weights: cls_token must be [1, 1, 64], got [64]");
  });

  it.each<readonly [unknown, string]>([
    [[], "weights: metadata deit: must be a JSON object"],
    [{ ...about, model: 1 }, "weights: metadata deit: model must be an object"],
    [{ ...about, model: { ...config, width: "64" } }, 'weights: metadata deit: model.width must be a number, got "64"'],
    [{ ...about, model: { ...config, distilled: 1 } }, "weights: metadata deit: model.distilled must be true or false, got 1"],
    [
      { ...about, model: { ...config, position: "none" } },
      'weights: metadata deit: model.position must be "learned" or "fixed", got "none"',
    ],
    [{ ...about, classes: ["a"] }, "weights: metadata deit: classes must be a list of 3"],
    [{ ...about, preprocessing: [] }, "weights: metadata deit: preprocessing must be an object"],
    [{ ...about, preprocessing: { mean: [0, 0], std: [1] } }, "weights: metadata deit: preprocessing.std must be a list of 2"],
  ])("with the metadata %j", (wrong, message) => {
    expect(() => readWeights(withAbout(wrong))).toThrow(WeightsError);
    expect(() => readWeights(withAbout(wrong))).toThrow(message);
  });
});
