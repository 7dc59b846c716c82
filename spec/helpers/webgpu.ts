/** Engines that use the kernels of other devices, and errors planted in WGSL. */
import { machineOn } from "../../src/engines/webgpu/device.ts";
import { engineOn, type WebgpuEngine } from "../../src/engines/webgpu/engine.ts";
import type { WebgpuPrecision } from "../../src/engines/webgpu/run.ts";

export interface KernelChoice {
  /** Whether its kernels are those for software adapters. */
  readonly software: boolean;
  readonly precision: WebgpuPrecision;
  /** The number of threads of a subgroup; default: the device's. */
  readonly subgroup?: number;
}

/** `hardware kernels, f16` */
export const choices: readonly (KernelChoice & { readonly name: string })[] = [false, true].flatMap((software) =>
  (["f32", "f16"] as const).map((precision) => ({
    name: `${software ? "software" : "hardware"} kernels, ${precision}`,
    software,
    precision,
  })),
);

const SLAB = 2 ** 24;

/** An engine that fills memory with NaN when it allocates it. */
export function webgpuWith(device: GPUDevice, { software, precision, subgroup }: KernelChoice, slab: number = SLAB): WebgpuEngine {
  const machine = machineOn(device, slab);
  const { allocated, smallerWork, finish, sent, stopwatch, close } = machine;
  const capabilities = { ...machine.capabilities, software, subgroup: subgroup ?? machine.capabilities.subgroup };
  return {
    ...engineOn({ ...machine, capabilities }, { precision, capacity: Infinity, poison: true, afterKernel: null }),
    allocated,
    smallerWork,
    finish,
    sent,
    stopwatch,
    close,
  };
}

/** A planted error: WGSL text and what replaces it. */
export interface WgslError {
  readonly right: string;
  readonly wrong: string;
}

/** Plants an error in all programs of a device that contain this text. The returned function says whether there were any. */
export function plantIn(device: GPUDevice, { right, wrong }: WgslError): () => boolean {
  const compile = device.createShaderModule.bind(device);
  let planted = false;
  device.createShaderModule = ({ code, ...rest }) => {
    planted ||= code.includes(right);
    return compile({ ...rest, code: code.replaceAll(right, wrong) });
  };
  return () => planted;
}
