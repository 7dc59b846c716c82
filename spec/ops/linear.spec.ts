import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { linear } from "../../src/ops/linear.ts";

describe("linear", () => {
  // x of shape [I] once passed the shape check and then failed in matmul, because a vector is not a matrix
  it("accepts a single vector, without leading axes", async () => {
    const engine = referenceEngine();
    const k = engine.kernels;
    const inputs = { x: k.upload([2], [1, 10]), params: { weight: k.upload([3, 2], [1, 0, 0, 1, 1, 1]), bias: k.upload([3], [0, 0, 5]) } };
    const { out, saved } = linear.forward(k, inputs);
    const d = linear.vjp(k, saved, k.upload([3], [1, 2, 3]));
    expect([out.shape, [...(await engine.read(out))]]).toEqual([[3], [1, 10, 16]]);
    expect([d.x.shape, [...(await engine.read(d.x))]]).toEqual([[2], [4, 5]]);
    expect([...(await engine.read(d.params.weight))]).toEqual([1, 10, 2, 20, 3, 30]);
  });
});
