/** The ops of a teacher on the WebGPU engine, with the kernels for each kind of device; the laws, on SwiftShader, only run those for software adapters. */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { countedLoops } from "../../src/engines/abstract/arithmetic.ts";
import { defaultCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { planningEngine } from "../../src/engines/webgpu/planning.ts";
import type { Dispatch } from "../../src/engines/webgpu/program.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { inference } from "../../src/ops/observe.ts";
import { frozenBatchNorm } from "../../src/teacher/batchNorm.ts";
import { groupedConv, type ConvAttrs } from "../../src/teacher/conv.ts";
import { relu } from "../../src/teacher/relu.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { choices, plantIn, webgpuWith, type KernelChoice, type WgslError } from "../helpers/webgpu.ts";

/** B, C, H, W, O and the window; the last two sizes occur in a RegNetY. */
type Size = readonly [B: number, C: number, H: number, W: number, O: number, window: ConvAttrs & { readonly kernel: number }];
const sizes: readonly Size[] = [
  [1, 1, 1, 1, 1, { groups: 1, kernel: 1, stride: 1, padding: 0 }],
  [2, 3, 7, 5, 4, { groups: 1, kernel: 3, stride: 2, padding: 1 }],
  [1, 6, 5, 5, 9, { groups: 3, kernel: 3, stride: 1, padding: 1 }],
  [3, 2, 6, 7, 2, { groups: 2, kernel: 5, stride: 3, padding: 2 }],
  [2, 17, 9, 9, 67, { groups: 1, kernel: 1, stride: 2, padding: 0 }],
  [2, 8, 4, 4, 8, { groups: 8, kernel: 3, stride: 1, padding: 0 }],
  [2, 6, 4, 4, 9, { groups: 3, kernel: 1, stride: 1, padding: 0 }],
  [1, 24, 14, 14, 130, { groups: 1, kernel: 1, stride: 1, padding: 0 }],
  [1, 224, 14, 14, 224, { groups: 2, kernel: 3, stride: 2, padding: 1 }],
];
/** Windows of 17 MB an image, more than are made at a time: they are made for four images, then for one. */
const large: Size = [5, 64, 86, 86, 2, { groups: 2, kernel: 3, stride: 1, padding: 1 }];

/** The difference between what a trial gives on this engine and on the reference engine. */
async function gapOf(engine: Engine, trial: (k: Kernels) => unknown): Promise<number> {
  const [actual, expected] = await Promise.all([engine, referenceEngine()].map((one) => evaluate(one, trial)));
  return gapOfLeaves(actual ?? new Map(), expected ?? new Map());
}

function error(engine: Engine, [B, C, H, W, O, { kernel, ...attrs }]: Size): Promise<number> {
  const draw = drawOf(keyOf(1), "f32");
  const [x, weight] = [draw.array([B, C, H, W]), draw.array([O, C / attrs.groups, kernel, kernel])];
  return gapOf(engine, (k) => {
    const inputs = { x: k.upload(x.shape, x.data), params: { weight: k.upload(weight.shape, weight.data) } };
    return { y: groupedConv.forward(k, inputs, attrs).out };
  });
}

const HARDWARE = { software: false, precision: "f32" } as const;
const SOFTWARE = { software: true, precision: "f32" } as const;
const errors: readonly (WgslError & KernelChoice)[] = [
  { ...HARDWARE, right: "row - p.padding", wrong: "row" },
  { ...HARDWARE, right: "term < terms && o0", wrong: "o0" },
  { ...HARDWARE, right: "lane / 64u + 4u * i", wrong: "lane / 64u + 3u * i" },
  { ...SOFTWARE, right: "row - p.padding", wrong: "row" },
  { ...SOFTWARE, right: "channel * p.kernel + r", wrong: "channel * p.kernel + s" },
  { ...SOFTWARE, right: "matrix % p.lefts", wrong: "matrix / p.lefts" },
];

onGpu("groupedConv", () => {
  it.each(choices)("agrees with its definition, with $name", async (choice) => {
    const engine = webgpuWith(await gpuDevice({ limits: "default" }), choice);
    const found: number[] = [];
    for (const size of sizes) found.push(await error(engine, size));
    expect(Math.max(...found)).toBeLessThan(tolerances.parity[choice.precision].bound);
  });

  it("makes few windows at a time", async () => {
    const engine = webgpuWith(await gpuDevice({ limits: "default" }), SOFTWARE, 2 ** 27);
    expect(await error(engine, large)).toBeLessThan(tolerances.parity.f32.bound);
  });

  it.each(errors)("is found wrong with $wrong in place of $right", async ({ software, precision, ...planted }) => {
    const device = await gpuDevice({ limits: "default" });
    const isPlanted = plantIn(device, planted);
    const engine = webgpuWith(device, { software, precision });
    const worst = [];
    for (const size of sizes.slice(1, 7)) worst.push(await error(engine, size));
    expect(isPlanted()).toBe(true);
    expect(Math.max(...worst)).toBeGreaterThan(tolerances.parity.f32.bound);
  });

  it.each(choices)("compiles without an error, with $name", async (choice) => {
    const engine = webgpuWith(await nullDevice(), choice);
    const { kernels: k } = engine;
    k.region("compile", () => {
      for (const side of [1, 3]) {
        const inputs = { x: k.zeros([2, 4, 8, 8]), params: { weight: k.zeros([4, 2, side, side]) } };
        groupedConv.forward(k, inputs, { groups: 2, stride: 1, padding: (side - 1) / 2 });
      }
      return null;
    });
    await expect(engine.finish()).resolves.toBeUndefined();
  });
});

describe("a plan of groupedConv", () => {
  it("uses matrix multiplication in f16 on matrix units, and else a kernel of its own", () => {
    const matrixUnits = {
      features: new Set(["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"]),
      subgroup: 32,
      matrices: [{ m: 16, n: 16, k: 16 }],
    };
    const programsOf = (capabilities: object, precision: "f32" | "f16", kernel: number): readonly string[] => {
      const programs: string[] = [];
      const onDispatch = ({ program }: Dispatch): unknown => programs.push(program.name);
      const afterKernel = countedLoops(() => undefined);
      const { kernels: k, settle } = planningEngine({
        capabilities: { ...defaultCapabilities, ...capabilities },
        precision,
        onDispatch,
        afterKernel,
      });
      const inputs = { x: k.zeros([2, 16, 8, 8]), params: { weight: k.zeros([16, 16, kernel, kernel]) } };
      settle();
      programs.length = 0;
      groupedConv.forward(k, inputs, { groups: 1, stride: 1, padding: (kernel - 1) / 2 });
      settle();
      return programs;
    };
    expect(programsOf(matrixUnits, "f16", 3)).toEqual(["windows", "matmul"]);
    expect(programsOf(matrixUnits, "f16", 1)).toEqual(["matmul"]);
    expect(programsOf(matrixUnits, "f32", 3)).toEqual(["groupedConv"]);
    expect(programsOf({}, "f16", 3)).toEqual(["groupedConv"]);
  });
});

onGpu("a norm and a ReLU in inference", () => {
  it.each(choices)("agree with their definitions, with $name", async (choice) => {
    const engine = webgpuWith(await gpuDevice({ limits: "default" }), choice);
    for (const [B, C, H, W] of [
      [1, 1, 1, 1],
      [2, 3, 5, 7],
      [3, 5, 4, 6],
    ] as const) {
      const draw = drawOf(keyOf(B), "f32");
      const [x, mean, gamma, beta] = [draw.array([B, C, H, W]), draw.array([C]), draw.array([C]), draw.array([C])];
      const gap = await gapOf(engine, (k) => {
        const up = ({ shape, data }: typeof x): ReturnType<Kernels["upload"]> => k.upload(shape, data);
        const running = { running_mean: up(mean), running_var: k.square(up(beta)), num_batches_tracked: k.zeros([]) };
        const inputs = { x: up(x), params: { weight: up(gamma), bias: up(beta) } };
        const { out } = frozenBatchNorm.forward(inference(k), inputs, { eps: 1e-2, running });
        return { normed: out.y, y: relu.forward(inference(k), { x: out.y }).out };
      });
      expect(gap).toBeLessThan(tolerances.parity[choice.precision].bound);
    }
  });
});
