import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { parseSafetensors, writeSafetensors, type Writable } from "../../src/io/safetensors/safetensors.ts";
import { readTree } from "../../src/io/weights/trees.ts";
import { readWeights, uploadWeights, WeightsError, writeWeights } from "../../src/io/weights/weights.ts";
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

  it("are written in timm's order, whatever order they come in", () => {
    const shuffled = new Map([...tensors].toReversed());
    expect(Buffer.compare(writeWeights({ ...weights, tensors: shuffled }), writeWeights(weights))).toBe(0);
    expect([...parseSafetensors(writeWeights(weights)).tensors.keys()].slice(0, 4)).toEqual([
      "cls_token",
      "pos_embed",
      "dist_token",
      "patch_embed.proj.weight",
    ]);
  });

  it("have model, class names and preprocessing in the metadata deit, and nothing else", () => {
    const { metadata } = parseSafetensors(writeWeights(weights));
    expect([...metadata.keys()]).toEqual(["deit"]);
    expect(JSON.parse(metadata.get("deit") ?? "")).toEqual(about);
  });

  it("may leave out class names and preprocessing", () => {
    const open = { ...weights, classes: null, preprocessing: null };
    expect(readWeights(writeWeights(open))).toEqual(open);
  });

  it("are uploaded to an engine under their names", async () => {
    const engine = referenceEngine();
    expect(await readTree(engine, uploadWeights(engine.kernels, weights))).toEqual(tensors);
  });
});

describe("weights without metadata", () => {
  it.each([true, false])("have a model that follows from their shapes (distilled: %s)", (distilled) => {
    const own = { ...config, distilled, layerNormEps: 1e-6 };
    const read = readWeights(writeSafetensors(tensorsOf(own)), { heads: 4 });
    expect(read).toEqual({ config: own, classes: null, preprocessing: null, tensors: tensorsOf(own) });
  });

  it("have heads of width 64 by default", () => {
    expect(readWeights(writeSafetensors(tensors)).config.heads).toBe(1);
  });

  it("need the number of heads if 64 does not divide the width", () => {
    const narrow = { ...config, width: 32 };
    expect(() => readWeights(writeSafetensors(tensorsOf(narrow)))).toThrow(
      "weights: no metadata deit, and width 32 is no multiple of 64: give the number of heads",
    );
  });

  it("that are not a DeiT's are refused", () => {
    expect(() => readWeights(writeSafetensors(new Map()))).toThrow(
      "weights: no metadata deit, and no tensor cls_token from which to infer the model",
    );
  });
});

describe("weights whose position embedding does not fit their patches and tokens", () => {
  const withRows = (rows: number, distilled: boolean, renamed = (name: string): string => name): Uint8Array =>
    writeSafetensors(
      new Map(
        [...tensorsOf({ ...config, distilled })].map(([name, tensor]) => {
          const shape = [1, rows, config.width];
          return [renamed(name), name === "pos_embed" ? { dtype: "F32", shape, data: new Float32Array(size(shape)) } : tensor];
        }),
      ),
    );
  const DEIT_III = "as in DeiT III, which is another network than DeiT and cannot be read here";

  it.each([
    [
      196,
      false,
      `weights: pos_embed has 196 rows, for 14 × 14 patches only and not for the class token, ${DEIT_III}; in a DeiT 197 rows would be right, as`,
    ],
    [
      576,
      false,
      `weights: pos_embed has 576 rows, for 24 × 24 patches only and not for the class token, ${DEIT_III}; in a DeiT 577 rows would be right, as`,
    ],
    [1, false, `weights: pos_embed has 1 row, for 1 × 1 patches only and not for the class token, ${DEIT_III}`],
    [
      196,
      true,
      `weights: pos_embed has 196 rows, for 14 × 14 patches only and not for the class token, ${DEIT_III}; in a DeiT 198 rows would be right, as`,
    ],
    [
      197,
      true,
      "weights: pos_embed has 197 rows, for 14 × 14 patches and 1 token; 198 rows would be right, as there is a class and a dist",
    ],
    [
      198,
      false,
      "weights: pos_embed has 198 rows, for 14 × 14 patches and 2 tokens; 197 rows would be right, as there is a class token and no",
    ],
    [201, false, "weights: pos_embed must have a row for each of n × n patches and for 1 token, got 201 rows"],
    [201, true, "weights: pos_embed must have a row for each of n × n patches and for 2 tokens, got 201 rows"],
  ] as const)("are refused with an explanation of the %d rows (distilled: %s)", (rows, distilled, line) => {
    expect(() => readWeights(withRows(rows, distilled))).toThrow(WeightsError);
    expect(() => readWeights(withRows(rows, distilled))).toThrow(line);
  });

  it("are refused under a wrapper's prefix too", () => {
    expect(() => readWeights(withRows(196, false, (name) => `module.${name}`))).toThrow(DEIT_III);
  });
});

describe("weights are refused", () => {
  it("with a parameter missing", () => {
    expect(() => writeWeights({ ...weights, tensors: without("head_dist.bias") })).toThrow("weights: nothing named head_dist.bias");
  });

  it("with an extra parameter", () => {
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
