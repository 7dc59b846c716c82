/** Convolution on the WebGPU engine's kernels for hardware, which the laws, on SwiftShader, do not meet. */
import { expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { groupedConv, type ConvAttrs } from "../../src/teacher/conv.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { plantIn, webgpuWith, type WgslError } from "../helpers/webgpu.ts";

const HARDWARE = { software: false, precision: "f32" } as const;

/** B, C, H, W, O and the window; the last two are of a RegNetY. */
type Size = readonly [B: number, C: number, H: number, W: number, O: number, window: ConvAttrs & { readonly kernel: number }];
const sizes: readonly Size[] = [
  [1, 1, 1, 1, 1, { groups: 1, kernel: 1, stride: 1, padding: 0 }],
  [2, 3, 7, 5, 4, { groups: 1, kernel: 3, stride: 2, padding: 1 }],
  [1, 6, 5, 5, 9, { groups: 3, kernel: 3, stride: 1, padding: 1 }],
  [3, 2, 6, 7, 2, { groups: 2, kernel: 5, stride: 3, padding: 2 }],
  [2, 17, 9, 9, 67, { groups: 1, kernel: 1, stride: 2, padding: 0 }],
  [1, 8, 4, 4, 8, { groups: 8, kernel: 3, stride: 1, padding: 0 }],
  [1, 24, 14, 14, 130, { groups: 1, kernel: 1, stride: 1, padding: 0 }],
  [1, 224, 14, 14, 224, { groups: 2, kernel: 3, stride: 2, padding: 1 }],
];

async function error(device: GPUDevice, [B, C, H, W, O, { kernel, ...attrs }]: Size): Promise<number> {
  const draw = drawOf(keyOf(1), "f32");
  const [x, weight] = [draw.array([B, C, H, W]), draw.array([O, C / attrs.groups, kernel, kernel])];
  const [engine, reference] = [webgpuWith(device, HARDWARE), referenceEngine()];
  const [actual, expected] = await Promise.all(
    [engine, reference].map((one) =>
      evaluate(one, (k) => ({
        y: groupedConv.forward(k, { x: k.upload(x.shape, x.data), params: { weight: k.upload(weight.shape, weight.data) } }, attrs).out,
      })),
    ),
  );
  return gapOfLeaves(actual ?? new Map(), expected ?? new Map());
}

const errors: readonly WgslError[] = [
  { right: "row - p.padding", wrong: "row" },
  { right: "term < terms && o0", wrong: "o0" },
  { right: "lane / 64u + 4u * i", wrong: "lane / 64u + 3u * i" },
];

onGpu("groupedConv without its windows", () => {
  it("is its definition", async () => {
    const device = await gpuDevice({ limits: "default" });
    const found: number[] = [];
    for (const size of sizes) found.push(await error(device, size));
    expect(Math.max(...found)).toBeLessThan(tolerances.parity.f32.bound);
  });

  it.each(errors)("would notice $wrong in place of $right", async (planted) => {
    const device = await gpuDevice({ limits: "default" });
    const isPlanted = plantIn(device, planted);
    const worst = [];
    for (const size of sizes.slice(1, 5)) worst.push(await error(device, size));
    expect(isPlanted()).toBe(true);
    expect(Math.max(...worst)).toBeGreaterThan(tolerances.parity.f32.bound);
  });

  it("compiles without an error", async () => {
    const engine = webgpuWith(await nullDevice(), HARDWARE);
    engine.kernels.region("compile", () => {
      const k = engine.kernels;
      groupedConv.forward(k, { x: k.zeros([1, 4, 8, 8]), params: { weight: k.zeros([4, 2, 3, 3]) } }, { groups: 2, stride: 1, padding: 1 });
      return null;
    });
    await expect(engine.finish()).resolves.toBeUndefined();
  });
});
