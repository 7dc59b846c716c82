/** Engines that use the kernels of other devices, and errors planted in WGSL. */
import { machineOn } from "../../src/engines/webgpu/device/device.ts";
import { deviceEngine, type WebgpuEngine } from "../../src/engines/webgpu/engine.ts";
import type { WebgpuPrecision } from "../../src/engines/webgpu/run.ts";

export interface KernelChoice {
  /** Whether its kernels are those for software adapters. */
  readonly software: boolean;
  readonly precision: WebgpuPrecision;
  /** The number of threads of a subgroup; default: the device's. */
  readonly subgroup?: number;
  /** Default true. */
  readonly epilogues?: boolean;
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
export function webgpuWith(
  device: GPUDevice,
  { software, precision, subgroup, epilogues = true }: KernelChoice,
  slab: number = SLAB,
): WebgpuEngine {
  const machine = machineOn(device, slab);
  const capabilities = { ...machine.capabilities, software, subgroup: subgroup ?? machine.capabilities.subgroup };
  return deviceEngine({ ...machine, capabilities }, { precision, capacity: Infinity, poison: true, epilogues, afterKernel: null });
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

/** WGSL of `pack2x16float(x)` as a device may have it for numbers beyond f16: clamped as D3D's conversion does, and ones in place of both. */
export const indeterminatePacks = {
  clamps: "pack2x16float(clamp(x, vec2f(-65504.0), vec2f(65504.0)))",
  ones: "select(pack2x16float(x), 0x3c003c00u, any((bitcast<vec2u>(x) & vec2u(0x7fffffffu)) > vec2u(0x477fe000u)))",
} as const;

/** Gives a device another `pack2x16float`. */
export function packBeyond(device: GPUDevice, pack: string): void {
  const compile = device.createShaderModule.bind(device);
  device.createShaderModule = ({ code, ...rest }) =>
    compile({
      ...rest,
      code: `${code.replaceAll(/(?<!un)pack2x16float\(/g, "device_pack(")}\nfn device_pack(x: vec2f) -> u32 { return ${pack}; }\n`,
    });
}
