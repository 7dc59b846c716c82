/** Matrix units are tried before they are used. The devices here emulate them on SwiftShader, rightly and wrongly. */
import { describe, expect, it } from "vitest";
import { machineOn } from "../../src/engines/webgpu/device/device.ts";
import { capabilitiesOf, type MatrixConfig } from "../../src/engines/webgpu/capabilities.ts";
import { gemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";
import type { GemmStorage } from "../../src/engines/webgpu/kernels/gemm/format.ts";
import { probeMatrixUnits, type MatrixReport } from "../../src/engines/webgpu/device/probe.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { reportedByDrivers } from "../helpers/adapters.ts";
import { halfOf, withoutMatrices } from "../helpers/subgroupMatrix.ts";

interface Fake {
  readonly matrices: readonly MatrixConfig[];
  readonly features?: readonly string[];
  readonly sizes?: readonly [number, number];
  /** How a program is compiled. @throws Error where this version of Dawn refuses it */
  readonly compile?: (wgsl: string) => string;
}

const features = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

/** A program that multiplies f16 or f32 by this shape, emulated. */
const emulated = (wgsl: string): string => {
  const [, k = "", m = ""] = /subgroup_matrix_left<f\d+, (\d+), (\d+)>/.exec(wgsl) ?? [];
  const [, n = ""] = /subgroup_matrix_right<f\d+, (\d+)/.exec(wgsl) ?? [];
  return withoutMatrices(wgsl, { m: Number(m), n: Number(n), k: Number(k) });
};

/** A device that reports these units, and compiles programs in its own way. */
function deviceWith(
  device: GPUDevice,
  { matrices, features: has = features, sizes: [least, most] = [32, 32], compile = emulated }: Fake,
): GPUDevice {
  const configs = matrices.map(({ m, n, k, factors, sums }) => ({
    componentType: factors,
    resultComponentType: sums,
    M: m,
    N: n,
    K: k,
  }));
  const replaced: Readonly<Record<string, unknown>> = {
    features: new Set(has),
    adapterInfo: { subgroupMinSize: least, subgroupMaxSize: most, subgroupMatrixConfigs: configs, isFallbackAdapter: false },
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) => device.createShaderModule({ code: compile(code) }),
  };
  return new Proxy(device, {
    get: (own, name) => {
      const found: unknown = typeof name === "string" && name in replaced ? replaced[name] : Reflect.get(own, name, own);
      return typeof found === "function" ? (...args: readonly unknown[]): unknown => Reflect.apply(found, own, args) : found;
    },
  });
}

const configsOf = (name: string): readonly MatrixConfig[] => reportedByDrivers[name]?.capabilities.matrices ?? [];
const apple = configsOf("Apple, M1 and later");
const arc = configsOf("Intel, Arc A");

const f16: GemmStorage = { a: "f16", b: "f16", c: "f16", bias: null, factors: "f16" };
const product = { batch: 1, m: 2048, n: 2048, k: 2048, ta: false, tb: true, shared: true };

onGpu("the matrix units of a device", () => {
  const shared = gpuDevice();
  const probed = async (fake: Fake): Promise<MatrixReport> => probeMatrixUnits(deviceWith(await shared, fake));
  /** The GEMM variant that an engine on the device takes, in f16 and f32. */
  const variants = async (fake: Fake): Promise<readonly string[]> => {
    const device = deviceWith(await shared, fake);
    const capabilities = capabilitiesOf(device, await probeMatrixUnits(device));
    return [f16, { ...f16, a: "f32", b: "f32", c: "f32", factors: "f32" } as const].map(
      (storage) => gemmPlan(product, storage, 1, capabilities).variant,
    );
  };

  it("are used if they compile and compute rightly", async () => {
    expect(await probed({ matrices: apple })).toEqual({
      matrices: [{ m: 8, n: 8, k: 8, factors: "f32", sums: "f32" }],
      syntax: "parameter",
      why: "f32 8×8×8 with sums in f32",
    });
    expect(await variants({ matrices: apple })).toEqual(["matrix", "matrix"]);
    expect(await variants({ matrices: arc })).toEqual(["matrix", "tiled"]);
  });

  it("are not used by an engine that was not told of them", async () => {
    expect(machineOn(deviceWith(await shared, { matrices: apple }), 2 ** 24).capabilities.matrices).toEqual([]);
  });

  it("are used in the syntax of earlier versions where the other does not compile", async () => {
    const earlier = (wgsl: string): string => {
      if (/subgroupMatrix(?:Load|Store)<[^(]*_major>/.test(wgsl)) return "no such template parameter";
      return emulated(
        wgsl
          .replaceAll(
            /subgroupMatrixLoad<(.*?>)>\((.*?, .*?), (true|false), /g,
            (_, type, place, columns) => `subgroupMatrixLoad<${type}, ${columns === "true" ? "col" : "row"}_major>(${place}, `,
          )
          .replaceAll(/subgroupMatrixStore\((.*?), false, /g, "subgroupMatrixStore<row_major>($1, "),
      );
    };
    expect(await probed({ matrices: arc, compile: earlier })).toMatchObject({ syntax: "argument", matrices: [{ k: 16, sums: "f32" }] });
  });

  it.each<readonly [string, Fake, RegExp]>([
    ["no syntax compiles", { matrices: apple, compile: () => "fn main(" }, /^none of them works: f32 8×8×8 with sums in f32: .*WGSL/],
    [
      "they sum in f16",
      { matrices: arc, compile: (wgsl) => emulated(wgsl).replaceAll(/sums\[sum\] \+= (.*);/g, `sums[sum] = ${halfOf("sums[sum] + $1")};`) },
      /^none of them works: f16 8×8×16 with sums in f32: they compute [\d.]+ where [\d.]+ is right$/,
    ],
    [
      "they round factors of f32",
      { matrices: apple, compile: (wgsl) => emulated(wgsl).replaceAll(/return ((?:left|right)\[i\]);/g, `return ${halfOf("$1")};`) },
      /^none of them works: f32 8×8×8 with sums in f32: they compute/,
    ],
    [
      "they confuse rows and columns",
      { matrices: apple, compile: (wgsl) => emulated(wgsl).replace("row_major(0u, 0u, 8u)", "col_major(0u, 0u, 8u)") },
      /they compute/,
    ],
    ["they have sums in f16 only", { matrices: apple.slice(1) }, /^they have no sums in f32: f16 8×8×8 with sums in f16$/],
    ["the adapter reports none", { matrices: [] }, /^the adapter reports none for floating point$/],
    ["a feature is missing", { matrices: apple, features: ["subgroups"] }, /^the device lacks chromium-experimental-subgroup-matrix$/],
    ["subgroups vary", { matrices: apple, sizes: [32, 64] }, /: no program can state the size of its subgroups, or use f16$/],
  ])("are not used where %s, and the report says so", async (_, fake, why) => {
    const report = await probed(fake);
    expect(report.matrices).toEqual([]);
    expect(report.why).toMatch(why);
    expect(await variants(fake)).toEqual(["tiled", "tiled"]);
  });
});

onGpu("a device that validates WGSL", () => {
  it("compiles what the probe runs, for the units of all makers", async () => {
    const device = await nullDevice();
    for (const name of ["Apple, M1 and later", "AMD, RDNA 3"]) {
      const { statedSizes = null } = reportedByDrivers[name]?.capabilities ?? {};
      const fake = { matrices: configsOf(name), features: [...features, "subgroup-size-control"], compile: (wgsl: string) => wgsl };
      const sizes = statedSizes === null ? ([128, 128] as const) : ([32, 64] as const); // the null device wants workgroups of 128 threads
      const { why } = await probeMatrixUnits(deviceWith(device, { ...fake, sizes }));
      expect(why).toMatch(/: they compute \S+ where [\d.]+ is right$/); // it compiles, and computes nothing
    }
  });
});

describe("units that a driver reports", () => {
  it("have a source each", () => {
    expect(Object.values(reportedByDrivers).filter(({ source }) => !/\S+\/\S+|mesa/.test(source))).toEqual([]);
  });
});
