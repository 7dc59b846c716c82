/**
 * Peak rates of GPUs from their makers' data sheets, what their drivers report, and the rates that predictions without the GPU use. The f16 peaks are those
 * of tensor cores on dense matrices with sums in f32, by the fastest instructions that there are.
 */
import { defaultCapabilities, type DeviceCapabilities, type MatrixConfig } from "../engines/webgpu/capabilities.ts";
import { a100Rates, h100Rates, m2MaxRates, rtx4090Rates, v100Rates, type AdapterRates } from "./costs/rates.ts";

export interface Adapter {
  readonly title: string;
  /** FLOP/s in f32; a multiplication and an addition are two FLOP. */
  readonly f32: number;
  /** FLOP/s of matrix multiplications in f16. */
  readonly f16: number;
  /** Bytes per second, read and written together. */
  readonly bandwidth: number;
  /** In bytes. */
  readonly memory: number;
  readonly source: string;
  /** What Dawn reports of it. */
  readonly reported: Reported;
  /** What programs in WGSL may reach. */
  readonly rates: AdapterRates;
}

/** What Dawn reports of a GPU: limits, sizes of subgroups and matrix units. */
export interface Reported {
  readonly capabilities: DeviceCapabilities;
  readonly source: string;
}

const KIB = 2 ** 10;

/** Dawn's maximum since Chrome 120, on all of these GPUs: https://developer.chrome.com/blog/new-in-webgpu-120#push_the_limits, 2023-12. */
const STORAGE_BUFFERS = 10;

/** The features of the engine's programs that all of these GPUs have. */
export const FEATURES: readonly string[] = ["shader-f16", "subgroups", "timestamp-query"];

/** A GPU with subgroups of 32 threads. @param matrices what its matrix units multiply; none: it has no such units that Dawn knows of */
const of32 = (limits: Partial<DeviceCapabilities["limits"]>, matrices: readonly MatrixConfig[]): DeviceCapabilities => ({
  ...defaultCapabilities,
  limits: {
    ...defaultCapabilities.limits,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxBufferSize: 2 ** 31,
    maxStorageBuffersPerShaderStage: STORAGE_BUFFERS,
    maxComputeInvocationsPerWorkgroup: 1024,
    ...limits,
  },
  features: new Set([...FEATURES, ...(matrices.length === 0 ? [] : ["chromium-experimental-subgroup-matrix"])]),
  subgroup: 32,
  matrices,
});

const nvidiaLimits = { maxComputeWorkgroupStorageSize: 48 * KIB };

/** Turing and later, by the proprietary driver. */
export const nvidia: Reported = {
  capabilities: of32(nvidiaLimits, [
    { m: 16, n: 16, k: 16, factors: "f16", sums: "f32" },
    { m: 16, n: 16, k: 16, factors: "f16", sums: "f16" },
    { m: 16, n: 8, k: 16, factors: "f16", sums: "f32" },
    { m: 16, n: 8, k: 16, factors: "f16", sums: "f16" },
    { m: 16, n: 8, k: 8, factors: "f16", sums: "f32" },
    { m: 16, n: 8, k: 8, factors: "f16", sums: "f16" },
  ]),
  source:
    "48 KiB and subgroups of 32: an RTX 3090 in ggml-org/llama.cpp pull request 11595; 1024 threads: a T4 in iree-org/iree pull request 3469; 16 × 8 shapes: a TITAN RTX in jeffbolznv/vk_cooperative_matrix_perf issue 1; 16 × 16 × 16: microsoft/onnxruntime pull request 28109; sums in f32: ggml-org/llama.cpp pull request 10597, which runs on Turing and later",
};

/** Its tensor cores are not among what Vulkan's drivers report. */
export const volta: Reported = {
  capabilities: of32(nvidiaLimits, []),
  source: "cooperative matrices begin with Turing: KhronosGroup/Vulkan-Docs issue 923, and ggml-org/llama.cpp pull request 10597",
};

/** Apple's GPUs from the M1 on. */
export const apple: Reported = {
  capabilities: of32({ maxComputeWorkgroupStorageSize: 32 * KIB, maxBufferSize: 2 ** 32 - 1, maxStorageBufferBindingSize: 2 ** 32 - 4 }, [
    { m: 8, n: 8, k: 8, factors: "f32", sums: "f32" },
    { m: 8, n: 8, k: 8, factors: "f16", sums: "f16" },
  ]),
  source: "google/dawn, src/dawn/native/metal/PhysicalDeviceMTL.mm: families Apple7 and later; no more than 4 GiB a buffer",
};

const TERA = 1e12;
const GIGA = 1e9;

export const adapters: Readonly<Record<string, Adapter>> = {
  h100: {
    title: "NVIDIA H100 SXM5 80 GB",
    f32: 66.9 * TERA,
    f16: 989.4 * TERA,
    bandwidth: 3350 * GIGA,
    memory: 80 * GIGA,
    source: "NVIDIA H100 Tensor Core GPU data sheet; its figures with sparsity are twice these",
    reported: nvidia,
    rates: h100Rates,
  },
  a100: {
    title: "NVIDIA A100 SXM4 80 GB",
    f32: 19.5 * TERA,
    f16: 312 * TERA,
    bandwidth: 2039 * GIGA,
    memory: 80 * GIGA,
    source: "NVIDIA A100 Tensor Core GPU data sheet",
    reported: nvidia,
    rates: a100Rates,
  },
  "rtx-4090": {
    title: "NVIDIA GeForce RTX 4090",
    f32: 82.6 * TERA,
    f16: 165.2 * TERA,
    bandwidth: 1008 * GIGA,
    memory: 24 * GIGA,
    source: "NVIDIA Ada GPU architecture, version 2, appendix A; f16 with sums in f32",
    reported: nvidia,
    rates: rtx4090Rates,
  },
  v100: {
    title: "NVIDIA V100 SXM2 32 GB",
    f32: 15.7 * TERA,
    f16: 125 * TERA,
    bandwidth: 900 * GIGA,
    memory: 32 * GIGA,
    source: "NVIDIA V100 Tensor Core GPU data sheet; eight of these trained the published DeiT",
    reported: volta,
    rates: v100Rates,
  },
  "m2-max": {
    title: "Apple M2 Max, 38 cores",
    f32: 13.6 * TERA,
    f16: 13.6 * TERA,
    bandwidth: 400 * GIGA,
    memory: 96 * GIGA,
    source:
      "Apple's press release of January 2023 for memory and cores; 38 cores × 128 multiply–adds × 1.398 GHz, which Apple does not print",
    reported: apple,
    rates: m2MaxRates,
  },
};

/** @throws RangeError for an unknown name, with the known ones */
export function adapterNamed(name: string): Adapter {
  const adapter = adapters[name];
  if (adapter === undefined) throw new RangeError(`unknown adapter ${name}; known: ${Object.keys(adapters).join(", ")}`);
  return adapter;
}
