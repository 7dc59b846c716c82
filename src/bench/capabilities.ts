/** What Dawn reports of the GPUs that predictions are made for: limits, sizes of subgroups and matrix units, each with its source. */
import { defaultCapabilities, type DeviceCapabilities, type MatrixConfig } from "../engines/webgpu/capabilities.ts";

export interface Reported {
  readonly capabilities: DeviceCapabilities;
  readonly source: string;
}

const KIB = 2 ** 10;

/** The features of the engine's programs that all of these GPUs have. */
export const FEATURES: readonly string[] = ["shader-f16", "subgroups", "timestamp-query"];

/** A GPU with subgroups of 32 threads. @param matrices what its matrix units multiply; none: it has no such units that Dawn knows of */
const of32 = (limits: Partial<DeviceCapabilities["limits"]>, matrices: readonly MatrixConfig[]): DeviceCapabilities => ({
  ...defaultCapabilities,
  limits: {
    ...defaultCapabilities.limits,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxBufferSize: 2 ** 31,
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
    "48 KiB and subgroups of 32: an RTX 3090 in ggml-org/llama.cpp pull request 11595; 1024 threads: a T4 in iree-org/iree pull request 3469; 16 × 8 shapes: a TITAN RTX in jeffbolznv/vk_cooperative_matrix_perf issue 1; 16 × 16 × 16: microsoft/onnxruntime pull request 28109",
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
