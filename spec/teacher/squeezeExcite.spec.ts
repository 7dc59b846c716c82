import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, type HostArray, type Leaves } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { excited, excitedVjp, gates, gatesGrad, pooled, pooledGrad, rectified, rectifiedGrad } from "../../src/laws/loops/squeezeExcite.ts";
import { averagePool } from "../../src/teacher/averagePool.ts";
import { relu } from "../../src/teacher/relu.ts";
import { sigmoid } from "../../src/teacher/sigmoid.ts";
import { squeezeExcite } from "../../src/teacher/squeezeExcite.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { tensorOf } from "../helpers/fixtures.ts";

const { bound } = tolerances.equation.f64;
const put = (k: Kernels, { shape, data }: HostArray): ReturnType<Kernels["upload"]> => k.upload(shape, data);
const vector = (...numbers: readonly number[]): HostArray => ({ shape: [numbers.length], data: Float64Array.from(numbers) });

describe("ReLU", () => {
  const [x, dy] = [vector(-2, -1e-300, -0, 0, 1e-300, 3), vector(1, 2, 3, 4, 5, 6)];
  const ours = evaluate(referenceEngine(), (k) => {
    const { out, saved } = relu.forward(k, { x: put(k, x) });
    return { y: out, dx: relu.vjp(k, saved, put(k, dy)).x };
  });

  it("is x where x > 0, else 0", async () => {
    expect(gap(tensorOf(await ours, "y"), rectified(x))).toBe(0);
  });

  it("passes the cotangent where x > 0, and 0 at x = 0", async () => {
    expect(tensorOf(await ours, "dx").data).toEqual(rectifiedGrad(x, dy).data);
    expect([...tensorOf(await ours, "dx").data]).toEqual([0, 0, 0, 0, 5, 6]);
  });
});

describe("sigmoid", () => {
  const u = vector(-1e4, -750, -40, -1, 0, 0.3, 40, 750, 1e4);
  const dg = vector(1, 1, 1, 1, 1, 1, 1, 1, 1);
  const ours = evaluate(referenceEngine(), (k) => {
    const { out, saved } = sigmoid.forward(k, { u: put(k, u) });
    return { g: out, du: sigmoid.vjp(k, saved, put(k, dg)).u };
  });
  /** The largest relative error, so that the tails count too. */
  const relative = (actual: HostArray, expected: HostArray): number =>
    Math.max(...[...expected.data].map((e, i) => Math.abs((actual.data[i] ?? NaN) - e) / (e || 1)));

  it("is 1/(1 + exp(−u)), also in the tails", async () => {
    expect(relative(tensorOf(await ours, "g"), gates(u))).toBeLessThanOrEqual(bound);
  });

  it("has the derivative g(1 − g), also in the tails (G21)", async () => {
    expect(relative(tensorOf(await ours, "du"), gatesGrad(u, dg))).toBeLessThanOrEqual(bound);
  });

  it("is ½ with slope ¼ at 0", async () => {
    expect([tensorOf(await ours, "g").data[4], tensorOf(await ours, "du").data[4]]).toEqual([0.5, 0.25]);
  });
});

describe("global average pooling", () => {
  const draw = drawOf(keyOf(13));
  const [x, dm] = [draw.array([2, 3, 4, 5]), draw.array([2, 3])];
  const ours = evaluate(referenceEngine(), (k) => {
    const { out, saved } = averagePool.forward(k, { x: put(k, x) });
    return { m: out, dx: averagePool.vjp(k, saved, put(k, dm)).x };
  });

  it("is the mean over the pixels", async () => {
    expect(gap(tensorOf(await ours, "m"), pooled(x))).toBeLessThanOrEqual(bound);
  });

  it("distributes the cotangent evenly over the pixels", async () => {
    expect(gap(tensorOf(await ours, "dx"), pooledGrad(dm, 4, 5))).toBeLessThanOrEqual(bound);
  });
});

describe("squeeze-excite", () => {
  const draw = drawOf(keyOf(14));
  const [x, dy] = [draw.array([2, 6, 3, 4]), draw.array([2, 6, 3, 4])];
  const params = {
    fc1: { weight: draw.array([3, 6, 1, 1]), bias: draw.array([3]) },
    fc2: { weight: draw.array([6, 3, 1, 1]), bias: draw.array([6]) },
  };
  const ours: Promise<Leaves> = evaluate(referenceEngine(), (k) => {
    const layer = ({ weight, bias }: { weight: HostArray; bias: HostArray }): Record<"weight" | "bias", ReturnType<typeof put>> => ({
      weight: put(k, weight),
      bias: put(k, bias),
    });
    const { out, saved } = squeezeExcite.forward(k, { x: put(k, x), params: { fc1: layer(params.fc1), fc2: layer(params.fc2) } });
    const grads = squeezeExcite.vjp(k, saved, put(k, dy));
    return { y: out, dx: grads.x, params: grads.params };
  });

  it("scales each channel by a gate of all channels' means", async () => {
    expect(gap(tensorOf(await ours, "y"), excited(x, params).y)).toBeLessThanOrEqual(bound);
  });

  it("has the input gradient of (G21)", async () => {
    expect(gap(tensorOf(await ours, "dx"), excitedVjp(x, params, dy).x)).toBeLessThanOrEqual(bound);
  });

  it("has gradients of its weights with the shapes in a checkpoint", async () => {
    const shapes = [...(await ours)].filter(([name]) => name.startsWith("params.")).map(([name, { shape }]) => [name, shape]);
    expect(shapes).toEqual([
      ["params.fc1.weight", [3, 6, 1, 1]],
      ["params.fc1.bias", [3]],
      ["params.fc2.weight", [6, 3, 1, 1]],
      ["params.fc2.bias", [6]],
    ]);
  });
});
