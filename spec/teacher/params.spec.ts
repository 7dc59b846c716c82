import { describe, expect, it } from "vitest";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { regnetConfig } from "../../src/teacher/config.ts";
import { buildRegnet, regnetParameterCount, regnetShapes } from "../../src/teacher/params.ts";
import { regnetPredict } from "../../src/teacher/regnet.ts";
import { size } from "../../src/tensor/tensor.ts";
import { named } from "../../src/tensor/tree.ts";
import { textOf } from "../helpers/fixtures.ts";

interface Model {
  readonly parameters: number;
  readonly stages: { readonly [stage: string]: number };
  /** Every tensor in order; given for regnety_160 only. */
  readonly state_dict?: readonly (readonly [name: string, shape: readonly number[], kind: string])[];
}
const { models }: { readonly models: { readonly [name: string]: Model } } = JSON.parse(textOf("regnet/regnety_names.json"));

describe.each(Object.entries(models))("%s", (name, model) => {
  const config = regnetConfig(name);

  it("has as many parameters as timm's", () => {
    expect(regnetParameterCount(config)).toBe(model.parameters);
  });

  it("has them in timm's stages", () => {
    const count = (stage: string): number =>
      [...regnetShapes(config)].reduce(
        (sum, [leaf, { shape, kind }]) => sum + (leaf.startsWith(`${stage}.`) && kind === "parameter" ? size(shape) : 0),
        0,
      );
    expect(Object.fromEntries(Object.keys(model.stages).map((stage) => [stage, count(stage)]))).toEqual(model.stages);
  });
});

describe("RegNetY-16GF", () => {
  const config = regnetConfig("regnety-16gf");

  it("has timm's names, shapes and kinds in timm's order", () => {
    expect([...regnetShapes(config)].map(([name, { shape, kind }]) => [name, shape, kind])).toEqual(models["regnety_160"]?.state_dict);
  });

  it("has a checkpoint of the parameters and the buffers together", () => {
    const { kernels: k } = abstractEngine();
    const { params, running } = buildRegnet(config, (_, shape) => k.zeros(shape));
    const shapes = [...named(params), ...named(running)].map(([name, t]) => [name, t.shape] as const);
    expect(new Map(shapes)).toEqual(new Map([...regnetShapes(config)].map(([name, { shape }]) => [name, shape])));
  });

  it("takes 15.91 GMACs on an image of side 224", () => {
    const side = 224;
    const engine = abstractEngine();
    const { kernels: k } = engine;
    const { params, running } = buildRegnet(config, (_, shape) => k.zeros(shape));
    const logits = regnetPredict(
      k,
      { images: k.zeros([1, 3, side, side]), params },
      { eps: config.batchNormEps, groupWidth: config.groupWidth, running },
    );
    // deit.md 8.1
    expect([logits.shape, Math.round(engine.counters().macs / 1e7) / 100]).toEqual([[1, 1000], 15.91]);
  });
});
