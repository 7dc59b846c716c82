import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { convInputGrad, convolved, convWeightGrad } from "../../src/laws/loops/teacher.ts";
import { groupedConv, type ConvAttrs } from "../../src/teacher/conv.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Shape } from "../../src/tensor/tensor.ts";
import { tensorOf } from "../helpers/fixtures.ts";

const { bound } = tolerances.equation.f64;

interface Case {
  readonly says: string;
  readonly x: Shape;
  readonly weight: Shape;
  readonly attrs: ConvAttrs;
}
const cases: readonly Case[] = [
  { says: "one group", x: [2, 3, 5, 7], weight: [4, 3, 3, 3], attrs: { groups: 1, stride: 1, padding: 1 } },
  { says: "1×1", x: [2, 3, 4, 2], weight: [5, 3, 1, 1], attrs: { groups: 1, stride: 1, padding: 0 } },
  { says: "1×1 of stride 2 on odd sides", x: [1, 2, 5, 3], weight: [3, 2, 1, 1], attrs: { groups: 1, stride: 2, padding: 0 } },
  { says: "three groups of stride 2", x: [2, 6, 6, 5], weight: [9, 2, 3, 3], attrs: { groups: 3, stride: 2, padding: 1 } },
  { says: "one channel per group, no padding", x: [1, 4, 4, 5], weight: [4, 1, 3, 3], attrs: { groups: 4, stride: 1, padding: 0 } },
  { says: "pixels that no window covers", x: [1, 2, 6, 6], weight: [2, 2, 2, 2], attrs: { groups: 1, stride: 4, padding: 0 } },
];

describe.each(cases)("grouped convolution with $says", ({ x: xShape, weight: weightShape, attrs }) => {
  const draw = drawOf(keyOf(11));
  const [x, weight] = [draw.array(xShape), draw.array(weightShape)];
  const y = convolved(x, weight, attrs);
  const dy = draw.array(y.shape);
  const ours = evaluate(referenceEngine(), (k) => {
    const put = ({ shape, data }: HostArray): ReturnType<typeof k.upload> => k.upload(shape, data);
    const { out, saved } = groupedConv.forward(k, { x: put(x), params: { weight: put(weight) } }, attrs);
    const grads = groupedConv.vjp(k, saved, put(dy));
    return { y: out, x: grads.x, weight: grads.params.weight };
  });

  it("is the sum over channels and window (G22)", async () => {
    expect(gap(tensorOf(await ours, "y"), y)).toBeLessThanOrEqual(bound);
  });

  it("has the weight gradient of (G22)", async () => {
    expect(gap(tensorOf(await ours, "weight"), convWeightGrad(x, dy, weightShape, attrs))).toBeLessThanOrEqual(bound);
  });

  it("has the input gradient of (G22)", async () => {
    expect(gap(tensorOf(await ours, "x"), convInputGrad(weight, dy, xShape, attrs))).toBeLessThanOrEqual(bound);
  });
});

describe("grouped convolution", () => {
  const { kernels: k } = referenceEngine();
  const call = (x: Shape, weight: Shape, groups: number): unknown =>
    groupedConv.forward(k, { x: k.zeros(x), params: { weight: k.zeros(weight) } }, { groups, stride: 1, padding: 0 });

  it("refuses groups that do not divide its channels", () => {
    expect(() => call([1, 4, 3, 3], [6, 1, 1, 1], 4)).toThrow("groupedConv: groups must divide C = 4 and O = 6, got 4");
  });

  it("refuses a weight for another number of channels", () => {
    expect(() => call([1, 4, 3, 3], [6, 4, 1, 1], 2)).toThrow(
      "groupedConv: params.weight must be [O, C/G, k, k] with C/G = 2 (from x), got [6, 4, 1, 1]",
    );
  });

  it("refuses a kernel that is not square", () => {
    expect(() => call([1, 2, 3, 3], [2, 2, 1, 3], 1)).toThrow("groupedConv: params.weight must be [O, I, k, k], got [2, 2, 1, 3]");
  });
});
