import { describe, expect, it } from "vitest";
import { publishedRegnet } from "../../../src/io/onnx/publishedRegnet.ts";
import { regnetConfig, regnetNames } from "../../../src/teacher/config.ts";
import { regnetShapes } from "../../../src/teacher/params.ts";
import type { Shape } from "../../../src/tensor/tensor.ts";
import { textOf } from "../../helpers/fixtures.ts";

type Shaped = ReadonlyMap<string, { readonly shape: Shape }>;

/** Names and shapes of timm's regnety_160, in timm's order. */
const { models }: { models: { regnety_160: { state_dict: readonly (readonly [string, Shape, string])[] } } } = JSON.parse(
  textOf("regnet/regnety_names.json"),
);
const timm: Shaped = new Map(models.regnety_160.state_dict.map(([name, shape]) => [name, { shape }]));

describe("a RegNetY is recognised by its tensors", () => {
  it("timm's regnety_160", () => {
    expect(publishedRegnet(timm)).toEqual(regnetConfig("regnety-16gf"));
  });

  it.each(regnetNames)("%s with 10 classes", (name) => {
    const config = regnetConfig(name, { classes: 10 });
    expect(publishedRegnet(regnetShapes(config))).toEqual(config);
  });

  it("only if all of them agree", () => {
    const without = new Map([...timm].filter(([name]) => name !== "s3.b11.se.fc2.bias"));
    const other = new Map([...timm, ["s1.b1.conv1.conv.weight", { shape: [224, 32, 1, 2] }]]);
    expect([publishedRegnet(without), publishedRegnet(other), publishedRegnet(new Map())]).toEqual([null, null, null]);
  });
});
