/** Engines on SwiftShader and on no GPU, with the kernels of other devices than theirs, and with errors planted in the WGSL. */
import { machineOn } from "../../src/engines/webgpu/device.ts";
import { engineOn, type WebgpuEngine } from "../../src/engines/webgpu/engine.ts";
import type { WebgpuPrecision } from "../../src/engines/webgpu/run.ts";

export interface KernelChoice {
  /** Whether the kernels are those for devices that run on the processor. */
  readonly software: boolean;
  readonly precision: WebgpuPrecision;
  /** Threads of a subgroup; default: as the device has it. */
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

/** Memory that is taken is full of NaN. */
export function webgpuWith(device: GPUDevice, { software, precision, subgroup }: KernelChoice, slab: number = SLAB): WebgpuEngine {
  const machine = machineOn(device, slab);
  const { finish, sent, stopwatch, close } = machine;
  const facts = { ...machine.facts, software, subgroup: subgroup ?? machine.facts.subgroup };
  return {
    ...engineOn({ ...machine, facts }, { precision, capacity: Infinity, poison: true, beside: null }),
    finish,
    sent,
    stopwatch,
    close,
  };
}

/** Text of WGSL that stands for other text. */
export interface WgslError {
  readonly right: string;
  readonly wrong: string;
}

/** Plants an error in all programs of a device that have this text; tells whether there were any. */
export function plantIn(device: GPUDevice, { right, wrong }: WgslError): () => boolean {
  const compile = device.createShaderModule.bind(device);
  let planted = false;
  device.createShaderModule = ({ code, ...rest }) => {
    planted ||= code.includes(right);
    return compile({ ...rest, code: code.replaceAll(right, wrong) });
  };
  return () => planted;
}
