import { describe, expect, it } from "vitest";
import { evaluate, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { checkedRegnetConfig, regnetConfig } from "../../src/teacher/config.ts";
import { initialRegnet, initialRegnetValues, timm032, timm10, type InitRule } from "../../src/teacher/init.ts";
import { regnetShapes } from "../../src/teacher/params.ts";
import { regnetTrain } from "../../src/teacher/regnet.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { tensorOf } from "../helpers/fixtures.ts";

const config = regnetConfig("regnety-16gf", { classes: 10 });
const valuesOf = (name: string, rule?: InitRule): Float64Array =>
  initialRegnetValues(config, keyOf(5), name, regnetShapes(config).get(name)?.shape ?? [0], rule);

const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const meanSquareOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0) / values.length;

describe("weights", () => {
  // deit.md 8.1: fan-out O·k², where timm 0.3.2 ignores groups; classifier N(0, 0.01²)
  it.each([
    ["s1.b1.conv2.conv.weight", timm032, 0.0315],
    ["s1.b1.conv2.conv.weight", timm10, 0.0446],
    ["stem.conv.weight", timm032, Math.sqrt(2 / (32 * 9))],
    ["s1.b1.conv1.conv.weight", timm032, Math.sqrt(2 / 224)],
    ["s1.b2.se.fc1.weight", timm032, Math.sqrt(2 / 56)],
    ["head.fc.weight", timm10, 0.01],
  ])("%s have mean 0 and the standard deviation of their rule", (name, rule, deviation) => {
    const values = valuesOf(name, rule);
    const n = values.length;
    const rounding = 0.0001 / deviation; // the deviations above are given to four digits
    expect(Math.abs(meanOf(values))).toBeLessThan((tolerances.deviations.f64.bound * deviation) / Math.sqrt(n));
    expect(Math.abs(meanSquareOf(values) / deviation ** 2 - 1)).toBeLessThan(tolerances.deviations.f64.bound * Math.sqrt(2 / n) + rounding);
  });
});

describe("squeeze-excite biases", () => {
  it.each([
    ["s1.b1.se.fc1.bias", 224],
    ["s1.b1.se.fc2.bias", 8],
    ["s2.b1.se.fc2.bias", 56],
    ["s2.b2.se.fc2.bias", 112],
  ])("%s is uniform on ±1/√%d", (name, inputs) => {
    const values = valuesOf(name);
    const limit = 1 / Math.sqrt(inputs);
    const spread = (meanSquareOf(values) * 3) / limit ** 2; // 1 ± √(4/5n) for a uniform draw
    expect(values.every((x) => Math.abs(x) <= limit)).toBe(true);
    expect(Math.abs(spread - 1)).toBeLessThan(tolerances.deviations.f64.bound * Math.sqrt(0.8 / values.length));
  });

  it("are 0 in timm 1.0", () => {
    expect(valuesOf("s1.b1.se.fc1.bias", timm10).every((x) => x === 0)).toBe(true);
  });
});

describe("norms", () => {
  it.each([
    ["s1.b1.conv1.bn.weight", 1],
    ["s1.b1.conv3.bn.weight", 0],
    ["s1.b1.downsample.bn.weight", 1],
    ["s1.b1.conv1.bn.bias", 0],
    ["s1.b1.conv1.bn.running_mean", 0],
    ["s1.b1.conv1.bn.running_var", 1],
    ["s1.b1.conv1.bn.num_batches_tracked", 0],
    ["head.fc.bias", 0],
  ])("%s is %d", (name, value) => {
    expect([...new Set(valuesOf(name))]).toEqual([value]);
  });
});

describe("a new network", () => {
  const small = checkedRegnetConfig({
    channels: 1,
    stem: 4,
    widths: [4],
    depths: [2],
    groupWidth: 2,
    seRatio: 0.25,
    classes: 3,
    batchNormEps: 1e-5,
  });

  it("is a function of the key", async () => {
    const first = await evaluate(referenceEngine(), (k) => initialRegnet(k, small, keyOf(1)));
    expect(await evaluate(referenceEngine(), (k) => initialRegnet(k, small, keyOf(1)))).toEqual(first);
    expect(await evaluate(referenceEngine(), (k) => initialRegnet(k, small, keyOf(2)))).not.toEqual(first);
  });

  it("has blocks in whose branch only the last gain gets a gradient", async () => {
    const images: HostArray = { shape: [2, 1, 8, 8], data: Float64Array.from({ length: 128 }, (_, i) => Math.sin(i * i)) };
    const grads = await evaluate(referenceEngine(), (k) => {
      const { params, running } = initialRegnet(k, small, keyOf(1));
      const { saved } = regnetTrain.forward(
        k,
        { images: k.upload(images.shape, images.data), params },
        { eps: 1e-5, groupWidth: 2, running },
      );
      return regnetTrain.vjp(k, saved, { logits: k.upload([2, 3], [1, 0, 0, 0, 1, 0]), stats: null }).params;
    });
    const reached = (name: string): boolean => tensorOf(grads, `s1.b2.${name}`).data.some((x) => x !== 0);
    expect(["conv1.conv.weight", "se.fc1.weight", "conv3.conv.weight", "conv3.bn.weight"].map(reached)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});
