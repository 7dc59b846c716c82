/**
 * The programs on matrix units for what the drivers of four makers report: which units a plan takes; every program compiles, in both of Dawn's
 * syntaxes; and with the units emulated the results keep the bounds of the laws.
 */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, upload, type Host } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { defaultCapabilities, matrixUnitsOf, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { machineOn } from "../../src/engines/webgpu/device/device.ts";
import { engineOn } from "../../src/engines/webgpu/engine.ts";
import { attentionPlan } from "../../src/engines/webgpu/kernels/attention/plan.ts";
import { gemmFormat, type GemmShape, type GemmStorage } from "../../src/engines/webgpu/kernels/gemm/format.ts";
import { planOf, type GemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";
import { kernelVariants, type KernelVariant } from "../../src/engines/webgpu/kernels/gemm/variants.ts";
import type { Program } from "../../src/engines/webgpu/program.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { attention, type AttentionInputs } from "../../src/ops/attention.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { reportedByDrivers } from "../helpers/adapters.ts";
import { runnerOn, type Call } from "../helpers/gemm.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { lane } from "../helpers/lane.ts";
import { halfOf, withoutMatrices } from "../helpers/subgroupMatrix.ts";

const capabilitiesOf = (name: string): DeviceCapabilities => reportedByDrivers[name]?.capabilities ?? defaultCapabilities;
const names = Object.keys(reportedByDrivers);

const f16: GemmStorage = { a: "f16", b: "f32", c: "f16", bias: "f32", factors: "f16" };
const f32: GemmStorage = { a: "f32", b: "f32", c: "f32", bias: null, factors: "f32" };

describe("the matrix units that a plan takes", () => {
  it.each([
    ["NVIDIA, Turing and later", "f16 16×16×16, subgroups of 32", "none"],
    ["NVIDIA, Volta", "none", "none"],
    ["AMD, RDNA 3", "f16 16×16×16, states subgroups of 32", "none"],
    ["Intel, Xe2", "f16 8×16×16, states subgroups of 32", "none"],
    ["Intel, Arc A", "f16 8×8×16, states subgroups of 32", "none"],
    ["Apple, M1 and later", "f32 8×8×8, subgroups of 32", "f32 8×8×8, subgroups of 32"],
  ])("of %s are %s for factors of f16, and %s for f32", (name, ofF16, ofF32) => {
    const summary = (rounded: "f16" | "f32"): string => {
      const units = matrixUnitsOf(capabilitiesOf(name), rounded);
      if (units === null) return "none";
      const { factors, shape, size, statesSize } = units;
      return `${factors} ${shape.m}×${shape.n}×${shape.k}, ${statesSize ? "states " : ""}subgroups of ${size}`;
    };
    expect([summary("f16"), summary("f32")]).toEqual([ofF16, ofF32]);
  });

  it("are none where sums are in f16 alone, or subgroups have sizes that a program cannot state", () => {
    const amd = capabilitiesOf("AMD, RDNA 3");
    expect(matrixUnitsOf({ ...amd, matrices: amd.matrices.filter(({ sums }) => sums === "f16") }, "f16")).toBeNull();
    expect(matrixUnitsOf({ ...amd, statedSizes: null }, "f16")).toBeNull();
    expect(matrixUnitsOf({ ...amd, statedSizes: { least: 64, most: 128 } }, "f16")).toBeNull();
  });
});

/** As on a device whose subgroups have a fixed size, with that stated: those of the null device have up to 128 threads. */
const stating = (capabilities: DeviceCapabilities): DeviceCapabilities =>
  capabilities.subgroup === null
    ? capabilities
    : { ...capabilities, subgroup: null, statedSizes: { least: capabilities.subgroup, most: capabilities.subgroup } };

const product = { batch: 2, m: 2 ** 11, n: 2 ** 11, k: 2 ** 11, ta: false, tb: true, shared: true };
const products: readonly GemmShape[] = [product, { ...product, ta: true, tb: false }, { ...product, n: 2 ** 11 + 2, k: 2 ** 11 + 1 }];
const kinds = (["f16", "f32"] as const).map((q) => ({ q, k: "f16", v: "f16", o: "f16" as const, dO: q, result: "f16" }) as const);

/** The programs of GEMM and attention for a device, and of each whether the null device has workgroup memory and threads enough. */
function programsFor(capabilities: DeviceCapabilities): ReadonlyMap<Program, boolean> {
  const programs = new Map<Program, boolean>();
  for (const storage of [f16, f32])
    for (const one of products)
      for (const { program, bytes, threads } of kernelVariants(one, storage, capabilities))
        programs.set(program(gemmFormat(one, storage)), bytes <= 2 ** 14 && threads <= 256);
  for (const memory of [2 ** 14, capabilities.limits.maxComputeWorkgroupStorageSize]) {
    const limits = { ...capabilities.limits, maxComputeWorkgroupStorageSize: memory, maxComputeInvocationsPerWorkgroup: 256 };
    for (const d of [16, 64, 128]) {
      const plan = attentionPlan({ heads: 3, N: 198, K: 198, d }, "f16", { ...capabilities, limits });
      for (const kind of kinds)
        for (const dispatch of [plan?.forward(kind), plan?.dQueries(kind), plan?.dKeys(kind)])
          if (dispatch !== undefined) programs.set(dispatch.program, memory === 2 ** 14);
    }
  }
  return programs;
}

onGpu("the programs on matrix units", () => {
  /** The first error of some programs of a device; null: there is none. */
  async function errorIn(capabilities: DeviceCapabilities, isTried: (wgsl: string) => boolean): Promise<string | null> {
    const device = await nullDevice();
    device.pushErrorScope("validation");
    for (const [{ wgsl }, suits] of programsFor(stating(capabilities))) {
      if (!isTried(wgsl)) continue;
      const module = device.createShaderModule({ code: wgsl });
      if (suits) device.createComputePipeline({ layout: "auto", compute: { module } });
    }
    return (await device.popErrorScope())?.message ?? null;
  }

  it.each(names)("of %s compile", async (name) => {
    const capabilities = capabilitiesOf(name);
    const onUnits = [...programsFor(capabilities).keys()].filter(({ wgsl }) => wgsl.includes("subgroup_matrix"));
    expect(onUnits.length > 0).toBe(matrixUnitsOf(capabilities, "f16") !== null);
    expect(await errorIn(capabilities, () => true)).toBeNull();
  });

  it("compile in the syntax of earlier versions too", async () => {
    const tried: string[] = []; // few, since Dawn prints a warning for each use of that syntax
    const isTried = (wgsl: string): boolean => wgsl.includes("subgroup_matrix") && wgsl.length < 9000 && tried.push(wgsl) <= 2;
    const earlier = { ...capabilitiesOf("Apple, M1 and later"), matrixSyntax: "argument" } as const;
    expect(await errorIn(earlier, isTried)).toBeNull();
    expect(tried[0]).toContain(", true, ");
  });

  it("would not compile in a mixture of both syntaxes, or for a size that the workgroup is no multiple of", async () => {
    const device = await nullDevice();
    const [made] = [...programsFor(stating(capabilitiesOf("Intel, Xe2"))).keys()];
    const errorOf = async (right: string, wrong: string): Promise<string | undefined> => {
      expect(made?.wgsl).toContain(right);
      device.pushErrorScope("validation");
      const module = device.createShaderModule({ code: made?.wgsl.replace(right, wrong) ?? "" });
      device.createComputePipeline({ layout: "auto", compute: { module } });
      return (await device.popErrorScope())?.message;
    };
    expect(await errorOf(", row_major>(&", ">(&")).toMatch(/subgroupMatrixLoad/);
    expect(await errorOf("@subgroup_size(32)", "@subgroup_size(128)\n@subgroup_size(128)")).toMatch(/subgroup_size/);
  });
});

/** The bound of webgpuGemm.spec.ts, in units of the rounding of f32. */
const MOST = 8;

const sameSum = (program: Program, wgsl: string): Program => {
  const made: Program = { ...program, wgsl, shared: () => made };
  return made;
};

onGpu("a GEMM on emulated units", () => {
  const made = gpuDevice().then((device) => runnerOn(machineOn(device, 2 ** 26)));

  const smallest = (variants: readonly KernelVariant[]): KernelVariant => {
    const found = variants.at(-1);
    if (found?.variant !== "matrix") throw new Error("no variant on matrix units");
    return found;
  };

  /** The error of a call by the smallest tile of a maker's units, emulated with sums that `rounding` changes. */
  async function errorOf(name: string, call: Call, rounding: (wgsl: string) => string): Promise<number> {
    const capabilities = capabilitiesOf(name);
    const shape = matrixUnitsOf(capabilities, call.stored.factors)?.shape;
    if (shape === undefined) throw new Error(`${name} has no units`);
    const variant = smallest(kernelVariants({ ...call.product, m: 2 ** 11, n: 2 ** 11, k: 2 ** 11 }, call.stored, capabilities));
    const tiling = { rows: variant.rows, columns: variant.columns, length: call.product.k };
    const plan: GemmPlan = planOf(call.product, call.stored, call.scale, { variant, tiling });
    const program = sameSum(plan.gemm.program, rounding(withoutMatrices(plan.gemm.program.wgsl, shape)));
    return (await made)({ ...plan, gemm: { ...plan.gemm, program } }, call);
  }

  const asIs = (wgsl: string): string => wgsl;
  const long: Call = { product: { ...product, batch: 1, m: 18, n: 10, k: 1500 }, stored: { ...f16, c: "f32" }, scale: 1, seed: 4 };

  /** SwiftShader takes seconds to compile the programs of large units. */
  const inSlowLane = (name: string): boolean => !name.startsWith("Apple");
  const inThisLane = (name: string): boolean => lane === "all" || inSlowLane(name) === (lane === "slow");
  it.each(names.filter((name) => inThisLane(name) && matrixUnitsOf(capabilitiesOf(name), "f16") !== null))(
    "of %s sums products of f16 within the bound, also for long sums",
    async (name) => {
      expect(await errorOf(name, long, asIs)).toBeLessThan(MOST);
    },
  );

  it("of Apple sums products of f32 within the bound", async () => {
    expect(await errorOf("Apple, M1 and later", { ...long, stored: f32 }, asIs)).toBeLessThan(MOST);
  });

  it("would exceed the bound with sums in f16, and with factors of f32 that are rounded to f16", async () => {
    const sums = (wgsl: string): string => wgsl.replaceAll(/sums\[sum\] \+= (.*);/g, `sums[sum] = ${halfOf("sums[sum] + $1")};`);
    expect(await errorOf("Apple, M1 and later", long, sums)).toBeGreaterThan(1000);
    const factors = (wgsl: string): string => wgsl.replaceAll(/return (panel_\w+\[.*\]);/g, `return ${halfOf("$1")};`);
    expect(await errorOf("Apple, M1 and later", { ...long, stored: f32 }, factors)).toBeGreaterThan(100);
  });
});

onGpu("attention on emulated units", () => {
  it.skipIf(lane === "fast")("of Apple agrees with the reference engine", async () => {
    const device = await gpuDevice();
    const compile = device.createShaderModule.bind(device);
    const shape = { m: 8, n: 8, k: 8 };
    device.createShaderModule = ({ code, ...rest }) =>
      compile({ ...rest, code: code.includes("subgroup_matrix") ? withoutMatrices(code, shape) : code });
    const machine = machineOn(device, 2 ** 24);
    const apple = capabilitiesOf("Apple, M1 and later");
    const limits = { ...apple.limits, maxComputeWorkgroupStorageSize: 10 * 2 ** 10 }; // small programs compile sooner
    const capabilities = { ...machine.capabilities, ...apple, limits: { ...machine.capabilities.limits, ...limits } };
    const engine = engineOn(
      { ...machine, capabilities },
      { precision: "f16", capacity: Infinity, poison: true, epilogues: true, afterKernel: null },
    );
    const draw = drawOf(keyOf(1), "f16");
    const [q, keys, values] = [draw.array([1, 30, 14]), draw.array([1, 37, 14]), draw.array([1, 37, 14])];
    const inputs: Host<AttentionInputs> = { q, keys, values };
    const dOut = draw.array([1, 30, 14]);
    const trial = (k: Kernels): unknown => {
      const { out, saved } = attention.forward(k, upload<AttentionInputs>(k, inputs), { dropout: null });
      return { out, ...attention.vjp(k, saved, upload<Tensor>(k, dOut)) };
    };
    expect(attentionPlan({ heads: 1, N: 30, K: 37, d: 14 }, "f16", capabilities)?.variant).toBe("matrices");
    const gap = gapOfLeaves(await evaluate(engine, trial), await evaluate(referenceEngine(), trial));
    expect(gap).toBeLessThanOrEqual(tolerances.parity.f16.bound);
  });
});
