import { describe, expect, it } from "vitest";
import { isRegnet, regnetOfShapes, regnetWeights } from "../../../src/io/onnx/regnetFile.ts";
import { regnetConfig, regnetNames } from "../../../src/teacher/config.ts";
import { regnetShapes } from "../../../src/teacher/params.ts";
import type { Safetensors } from "../../../src/io/safetensors/safetensors.ts";
import type { Shape } from "../../../src/tensor/tensor.ts";
import { textOf } from "../../helpers/fixtures.ts";
import { tinyRegnet } from "../../train/tiny.ts";

type Shaped = ReadonlyMap<string, { readonly shape: Shape }>;

/** Names and shapes of timm's regnety_160, in timm's order. */
const { models }: { models: { regnety_160: { state_dict: readonly (readonly [string, Shape, string])[] } } } = JSON.parse(
  textOf("regnet/regnety_names.json"),
);
const timm: Shaped = new Map(models.regnety_160.state_dict.map(([name, shape]) => [name, { shape }]));

describe("a RegNetY is recognised by its tensors", () => {
  it("timm's regnety_160", () => {
    expect(regnetOfShapes(timm)).toEqual(regnetConfig("regnety-16gf"));
  });

  it.each(regnetNames)("%s with 10 classes", (name) => {
    const config = regnetConfig(name, { classes: 10 });
    expect(regnetOfShapes(regnetShapes(config))).toEqual(config);
  });

  it("of no published size", () => {
    expect(regnetOfShapes(regnetShapes(tinyRegnet))).toEqual(tinyRegnet);
  });

  it("only if all of them agree", () => {
    const stored = (shapes: Shaped): Safetensors => ({
      metadata: new Map(),
      tensors: new Map([...shapes].map(([name, { shape }]) => [name, { dtype: "F32", shape, data: new Float32Array(0) }])),
    });
    const shapes: Shaped = regnetShapes(tinyRegnet);
    const without = new Map([...shapes].filter(([name]) => name !== "s1.b1.se.fc2.bias"));
    const other: Shaped = new Map<string, { readonly shape: Shape }>([...shapes, ["s1.b1.conv3.conv.weight", { shape: [4, 4, 1, 2] }]]);
    expect(() => regnetWeights(stored(without))).toThrow("weights: nothing named s1.b1.se.fc2.bias");
    expect(() => regnetWeights(stored(other))).toThrow("weights: s1.b1.conv3.conv.weight must be [4, 4, 1, 1], got [4, 4, 1, 2]");
    expect(isRegnet(stored(new Map()))).toBe(false);
  });
});
