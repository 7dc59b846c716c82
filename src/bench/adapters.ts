/**
 * Peak rates of GPUs from their makers' data sheets, for predictions without the GPU, and the rates that predictions use. The f16 peaks are those
 * of tensor cores on dense matrices with sums in f32, by the fastest instructions that there are.
 */
import { a100Rates, h100Rates, m2MaxRates, rtx4090Rates, v100Rates, type AdapterRates } from "./costs/rates.ts";
import type { DeviceCapabilities } from "../engines/webgpu/capabilities.ts";

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
  /** What programs in WGSL may reach. */
  readonly rates: AdapterRates;
}

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
    rates: h100Rates,
  },
  a100: {
    title: "NVIDIA A100 SXM4 80 GB",
    f32: 19.5 * TERA,
    f16: 312 * TERA,
    bandwidth: 2039 * GIGA,
    memory: 80 * GIGA,
    source: "NVIDIA A100 Tensor Core GPU data sheet",
    rates: a100Rates,
  },
  "rtx-4090": {
    title: "NVIDIA GeForce RTX 4090",
    f32: 82.6 * TERA,
    f16: 165.2 * TERA,
    bandwidth: 1008 * GIGA,
    memory: 24 * GIGA,
    source: "NVIDIA Ada GPU architecture, version 2, appendix A; f16 with sums in f32",
    rates: rtx4090Rates,
  },
  v100: {
    title: "NVIDIA V100 SXM2 32 GB",
    f32: 15.7 * TERA,
    f16: 125 * TERA,
    bandwidth: 900 * GIGA,
    memory: 32 * GIGA,
    source: "NVIDIA V100 Tensor Core GPU data sheet; eight of these trained the published DeiT",
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
    rates: m2MaxRates,
  },
};

/** @throws RangeError for an unknown name, with the known ones */
export function adapterNamed(name: string): Adapter {
  const adapter = adapters[name];
  if (adapter === undefined) throw new RangeError(`unknown adapter ${name}; known: ${Object.keys(adapters).join(", ")}`);
  return adapter;
}

/** Capabilities assumed for all of them: buffers and matrix units as Dawn reports them on NVIDIA, and for the rest what every device has. */
export const adapterCapabilities: DeviceCapabilities = {
  limits: {
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxBufferSize: 2 ** 31,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 2 ** 14,
    maxComputeInvocationsPerWorkgroup: 256,
  },
  features: new Set(["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix", "timestamp-query"]),
  subgroup: 32,
  matrices: [{ m: 16, n: 16, k: 16 }],
  software: false,
};
