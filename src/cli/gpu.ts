/** An engine on the GPU of a command. */
import { openDevice } from "../gpu/device.ts";
import type { Engine } from "../kernels/engine.ts";
import { webgpuEngine } from "../webgpu.ts";
import type { GpuOptions } from "./options.ts";
import { say } from "./output.ts";
import { checkAdapter, nameOf } from "./probe.ts";

const MEGA = 1e6;

/**
 * A new engine on a new device.
 *
 * @throws RangeError that says what is needed
 */
export async function gpuEngine({ defaultLimits, gpuMemory, tensorCores, precision = "f32", ...options }: GpuOptions): Promise<Engine> {
  const device = await openDevice({ adapter: nameOf(options), experimental: tensorCores ?? false, plain: defaultLimits ?? false });
  const { isFallbackAdapter: software, description: name } = device.adapterInfo;
  checkAdapter(options, { software, name });
  if (software && options.adapter === undefined) say(`deit: no GPU is here; webgpu computes on the processor, by ${name}`);
  return webgpuEngine({ device, precision, memory: gpuMemory === undefined ? Infinity : gpuMemory * MEGA });
}
