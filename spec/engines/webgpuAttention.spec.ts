/** Attention in one launch forwards and three back, by the kernels for hardware, which the laws, on SwiftShader, do not meet. */
import { expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, type Leaves } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { attention } from "../../src/ops/attention.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { webgpuWith } from "../helpers/webgpu.ts";

type Size = readonly [heads: number, queries: number, keys: number, width: number];

const few: readonly Size[] = [
  [2, 5, 7, 8],
  [1, 40, 67, 8],
];
/** SwiftShader compiles long for each width. */
const many: readonly Size[] = [
  [1, 1, 2, 2],
  [1, 33, 31, 96],
  [3, 67, 67, 7],
  [1, 64, 197, 64],
];
const sizes = process.env["DEIT_LONG"] === "1" ? [...few, ...many] : few;

/** ms */
const UNHURRIED = 300_000;

/** Output, λ and gradients. */
function results(engine: Engine, [h, N, K, d]: Size): Promise<Leaves> {
  const draw = drawOf(keyOf(1), "f32");
  const [q, keys, v, dO] = [draw.array([1, h, N, d]), draw.array([1, h, K, d]), draw.array([1, h, K, d]), draw.array([1, h, N, d])];
  return evaluate(engine, (k) => {
    const inputs = { q: k.upload(q.shape, q.data), k: k.upload(keys.shape, keys.data), v: k.upload(v.shape, v.data) };
    const { out, saved } = attention.forward(k, inputs, { dropout: null });
    return { out, logSum: saved.logSum, grads: attention.vjp(k, saved, k.upload(dO.shape, dO.data)) };
  });
}

onGpu("attention in one kernel", () => {
  it.each(["f32", "f16"] as const)("is its definition in %s", { timeout: UNHURRIED }, async (precision) => {
    const engine = webgpuWith(await gpuDevice({ limits: "default" }), { software: false, precision });
    const found: number[] = [];
    for (const size of sizes) found.push(gapOfLeaves(await results(engine, size), await results(referenceEngine(), size)));
    expect(Math.max(...found)).toBeLessThan(tolerances.parity[precision].bound);
  });

  it.each(["f32", "f16"] as const)("compiles in %s with all that a device can have, matrix units too", async (precision) => {
    const engine = webgpuWith(await nullDevice(), { software: false, precision });
    const [B, h, T, d] = [1, 2, 197, 64];
    engine.kernels.region("compile", () => {
      const k = engine.kernels;
      const t = k.zeros([B, h, T, d]);
      const { saved } = attention.forward(k, { q: t, k: t, v: k.zeros([B, h, T, d]) }, { dropout: null });
      attention.vjp(k, saved, k.zeros([B, h, T, d]));
      return null;
    });
    await expect(engine.finish()).resolves.toBeUndefined();
  });
});
