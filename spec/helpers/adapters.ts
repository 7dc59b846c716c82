/** What drivers report of GPUs of four makers, each with its source: limits, sizes of subgroups, matrix units. */
import { apple, FEATURES, nvidia, volta, type Reported } from "../../src/bench/adapters.ts";
import { defaultCapabilities, type DeviceCapabilities, type MatrixConfig } from "../../src/engines/webgpu/capabilities.ts";

const KIB = 2 ** 10;

/** A GPU whose subgroups have several sizes, of which a program may state one. */
const varying = (
  [least, most]: readonly [number, number],
  workgroupMemory: number,
  matrices: readonly MatrixConfig[],
): DeviceCapabilities => ({
  ...defaultCapabilities,
  limits: {
    ...defaultCapabilities.limits,
    maxComputeWorkgroupStorageSize: workgroupMemory,
    maxComputeInvocationsPerWorkgroup: 1024,
  },
  features: new Set([...FEATURES, "subgroup-size-control", "chromium-experimental-subgroup-matrix"]),
  subgroup: null,
  statedSizes: { least, most },
  matrices,
});

/** RDNA 3. */
const amd: Reported = {
  capabilities: varying([32, 64], 64 * KIB, [
    { m: 16, n: 16, k: 16, factors: "f16", sums: "f32" },
    { m: 16, n: 16, k: 16, factors: "f16", sums: "f16" },
  ]),
  source:
    "matrices: an RX 7900 XTX in pytorch/executorch pull request 18726; 64 KiB: the same GPU in ggml-org/llama.cpp issue 28843; sizes of subgroups: microsoft/onnxruntime pull request 32667",
};

/** Xe2. */
const intel: Reported = {
  capabilities: varying([16, 32], 48 * KIB, [
    { m: 8, n: 16, k: 16, factors: "f16", sums: "f32" },
    { m: 8, n: 16, k: 16, factors: "f16", sums: "f16" },
  ]),
  source:
    "matrices: microsoft/onnxruntime pull request 24898; sizes of subgroups: pull request 32306; 48 KiB: an Arc Pro B50 in ggml-org/llama.cpp pull request 25380",
};

/** Arc A, by Mesa. */
const intelArcA: Reported = {
  capabilities: varying([8, 32], 64 * KIB, [
    { m: 8, n: 8, k: 16, factors: "f16", sums: "f16" },
    { m: 8, n: 8, k: 16, factors: "f16", sums: "f32" },
  ]),
  source: "matrices: mesa, src/intel/dev/intel_device_info.c, before Xe2; 64 KiB: an Arc GPU in ggml-org/llama.cpp pull request 16463",
};

export const reportedByDrivers: Readonly<Record<string, Reported>> = {
  "NVIDIA, Turing and later": nvidia,
  "NVIDIA, Volta": volta,
  "AMD, RDNA 3": amd,
  "Intel, Xe2": intel,
  "Intel, Arc A": intelArcA,
  "Apple, M1 and later": apple,
};
