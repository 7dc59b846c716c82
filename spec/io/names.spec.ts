/** timm's names and Hugging Face's, on the weights of both (fixtures/names). */
import { describe, expect, it } from "vitest";
import { WeightsError } from "../../src/io/weights/about.ts";
import { huggingFaceNamed, isHuggingFace, timmNamed, unwrapped, type Tensors } from "../../src/io/weights/names.ts";
import { parseSafetensors, writeSafetensors } from "../../src/io/safetensors/safetensors.ts";
import type { Stored } from "../../src/io/weights/stored.ts";
import { weightsIn } from "../../src/io/weights/weights.ts";
import { bytesOf } from "../helpers/fixtures.ts";

const tensorsOf = (name: string): Tensors => parseSafetensors(bytesOf(`names/${name}.safetensors`)).tensors;
const timm = { distilled: tensorsOf("tiny_distilled.timm"), plain: tensorsOf("tiny_plain.timm") };
const huggingFace = { distilled: tensorsOf("tiny_distilled.hf_deit"), plain: tensorsOf("tiny_plain.hf_vit") };

const without = (tensors: Tensors, ...names: readonly string[]): Tensors => new Map([...tensors].filter(([name]) => !names.includes(name)));
const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, t]) => [rename(name), t]));
const withOne = (tensors: Tensors, name: string, stored: Stored): Tensors => new Map([...tensors, [name, stored]]);
const one: Stored = { dtype: "F32", shape: [1], data: Float32Array.of(0) };

describe.each(["distilled", "plain"] as const)("the %s model", (kind) => {
  it("converts from Hugging Face's names to timm's tensors, bitwise identical", () => {
    expect(timmNamed(huggingFace[kind])).toEqual(timm[kind]);
  });

  it("converts from timm's names to Hugging Face's tensors, bitwise identical", () => {
    expect(huggingFaceNamed(timm[kind])).toEqual(huggingFace[kind]);
  });

  it("is recognised by its names", () => {
    expect([isHuggingFace(timm[kind]), isHuggingFace(huggingFace[kind])]).toEqual([false, true]);
  });

  it("gives the same weights in either naming", () => {
    const of = (tensors: Tensors): unknown => weightsIn({ metadata: new Map(), tensors }, { heads: 3 });
    expect(of(huggingFace[kind])).toEqual(of(timm[kind]));
  });

  it.each(["module.", "_orig_mod.", "module._orig_mod."])("may have %s before each name", (prefix) => {
    expect(unwrapped(renamed(timm[kind], (name) => prefix + name))).toEqual(timm[kind]);
  });
});

describe("Hugging Face's class with one head on a distilled model", () => {
  const one = without(timm.distilled, "head_dist.weight", "head_dist.bias");
  const named = huggingFaceNamed(one);

  it("calls it classifier", () => {
    expect([...named.keys()].filter((name) => name.includes("classifier"))).toEqual(["classifier.weight", "classifier.bias"]);
    expect(named.has("deit.embeddings.distillation_token")).toBe(true);
  });

  it("converts back bitwise identical", () => {
    expect(timmNamed(named)).toEqual(one);
  });

  it("are weights of a distilled model that has no distillation head", () => {
    const { config, tensors } = weightsIn({ metadata: new Map(), tensors: named }, { heads: 3 });
    expect([config.distilled, tensors.has("head_dist.weight"), tensors.size]).toEqual([true, false, timm.distilled.size - 2]);
  });
});

describe("names are refused", () => {
  const key = "deit.encoder.layer.1.attention.attention.key.weight";
  const narrow: Stored = { dtype: "F32", shape: [24, 23], data: new Float32Array(24 * 23) };
  it.each<readonly [why: string, from: () => unknown, message: string]>([
    ["with one missing", () => timmNamed(without(huggingFace.distilled, key)), `weights: nothing named ${key}`],
    [
      "with the distillation token missing",
      () => timmNamed(without(huggingFace.distilled, "deit.embeddings.distillation_token")),
      "weights: nothing named deit.embeddings.distillation_token",
    ],
    [
      "with an unknown one",
      () => timmNamed(withOne(huggingFace.plain, "vit.pooler.dense.bias", one)),
      "weights: vit.pooler.dense.bias is no parameter of Hugging Face's ViT of 2 layers",
    ],
    [
      "of both kinds",
      () => timmNamed(withOne(huggingFace.distilled, "head.weight", one)),
      "weights: head.weight is no parameter of Hugging Face's DeiT of 2 layers",
    ],
    [
      "with a gap in the layer numbers",
      () => timmNamed(renamed(huggingFace.plain, (name) => name.replace("layer.1", "layer.7"))),
      "weights: vit.encoder.layer.7.attention.attention.key.bias is no parameter of Hugging Face's ViT of 2 layers",
    ],
    [
      "if key and query do not fit",
      () => timmNamed(new Map([...huggingFace.distilled, [key, narrow]])),
      `weights: ${key} must be of F32 and as wide as deit.encoder.layer.1.attention.attention.query.weight`,
    ],
    [
      "when converted to Hugging Face, with one missing",
      () => huggingFaceNamed(without(timm.plain, "blocks.1.mlp.fc1.bias")),
      "weights: nothing named blocks.1.mlp.fc1.bias",
    ],
    [
      "when converted to Hugging Face, with an unknown one",
      () => huggingFaceNamed(withOne(timm.plain, "blocks.0.ls1.gamma", one)),
      "weights: blocks.0.ls1.gamma is no parameter of a plain DeiT of 2 blocks",
    ],
    [
      "if queries, keys and values differ in height",
      () =>
        huggingFaceNamed(new Map([...timm.plain, ["blocks.0.attn.qkv.bias", { dtype: "F32", shape: [71], data: new Float32Array(71) }]])),
      "weights: blocks.0.attn.qkv.bias must have 3 parts of equal height",
    ],
  ])("%s", (_, from, message) => {
    expect(from).toThrow(WeightsError);
    expect(from).toThrow(message);
  });

  it("if only some have a wrapper's prefix", () => {
    const some = renamed(timm.plain, (name) => (name === "cls_token" ? name : `module.${name}`));
    expect(() => weightsIn({ metadata: new Map(), tensors: some }, { heads: 3 })).toThrow(WeightsError);
  });
});

it("a file written under Hugging Face's names reads as the same weights", () => {
  const file = parseSafetensors(writeSafetensors(huggingFaceNamed(timm.distilled)));
  expect(weightsIn(file, { heads: 3 }).tensors).toEqual(timm.distilled);
});
