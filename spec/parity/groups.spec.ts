/** Names, shapes, counts and weight decay of the parameters against timm (fixtures/groups). */
import { describe, expect, it } from "vitest";
import { deitConfig, type DeitConfig } from "../../src/model/config.ts";
import { parameterCount, parameterShapes } from "../../src/model/params.ts";
import { size } from "../../src/tensor/tensor.ts";
import { decaysOf, type DecayRule } from "../../src/train/optimizer/decay.ts";
import { textOf } from "../helpers/fixtures.ts";

interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decay_deit: boolean;
  readonly decay_timm: boolean;
}

interface Count {
  readonly tensors: number;
  readonly parameters: number;
  readonly decayed_deit: number;
  readonly decayed_timm: number;
  readonly tensors_decayed_deit: number;
  readonly tensors_decayed_timm: number;
}

const { models, counts }: { models: Readonly<Record<string, readonly Parameter[]>>; counts: Readonly<Record<string, Count>> } = JSON.parse(
  textOf("groups/groups.json"),
);

/** The shapes of the parameters with weight decay. */
const decayed = (config: DeitConfig, rule: DecayRule): readonly (readonly number[])[] =>
  [...parameterShapes(config)].filter(([name, shape]) => decaysOf(rule)(name, shape)).map(([, shape]) => shape);

const scalars = (shapes: readonly (readonly number[])[]): number => shapes.reduce((sum, shape) => sum + size(shape), 0);

describe.each(Object.entries(models))("%s", (model, parameters) => {
  const config = deitConfig(model);

  it("has timm's names and shapes, in timm's order", () => {
    expect([...parameterShapes(config)]).toEqual(parameters.map(({ name, shape }) => [name, shape]));
  });

  it.each([
    ["deit", "decay_deit"],
    ["timm", "decay_timm"],
  ] as const)("has weight decay by the rule %s for the same parameters", (rule, column) => {
    expect(parameters.map(({ name, shape }) => [name, decaysOf(rule)(name, shape)])).toEqual(parameters.map((p) => [p.name, p[column]]));
  });
});

describe.each(Object.entries(counts))("%s", (model, count) => {
  const config = deitConfig(model);

  it("has timm's number of tensors and parameters", () => {
    expect([parameterShapes(config).size, parameterCount(config)]).toEqual([count.tensors, count.parameters]);
  });

  it.each([
    ["deit", "tensors_decayed_deit", "decayed_deit"],
    ["timm", "tensors_decayed_timm", "decayed_timm"],
  ] as const)("has weight decay by the rule %s for as many tensors and parameters", (rule, tensors, parameters) => {
    const shapes = decayed(config, rule);
    expect([shapes.length, scalars(shapes)]).toEqual([count[tensors], count[parameters]]);
  });
});
