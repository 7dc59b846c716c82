/** A device of an adapter, with all that the engine can use of it. */
import { openAdapter } from "./adapter.ts";
import type { DawnOptions } from "./dawn.ts";

export interface DeviceOptions extends DawnOptions {
  /** Holds the device to what every WebGPU device has: the default limits, and no features. */
  readonly plain: boolean;
}

/** What a device has more of if it is asked for. */
export const limitNames: readonly (keyof GPUSupportedLimits)[] = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
];

/** What an engine uses where it is there. */
export const featureNames: readonly string[] = ["timestamp-query", "shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

const isUsed = (name: string): name is GPUFeatureName => featureNames.includes(name);

/** As much as the adapter has. */
function all({ limits, features }: GPUAdapter): GPUDeviceDescriptor {
  return {
    requiredLimits: Object.fromEntries(limitNames.map((name) => [name, limits[name]])),
    requiredFeatures: [...features].filter(isUsed),
  };
}

/** What Dawn crashes without, for each device: it must not be collected before. */
const origins = new WeakMap<GPUDevice, GPU>();

/**
 * A new device; `destroy` ends it.
 *
 * @throws RangeError that says what is needed
 */
export async function openDevice(options: DeviceOptions): Promise<GPUDevice> {
  const { gpu, adapter } = await openAdapter(options);
  const device = await adapter.requestDevice(options.plain ? {} : all(adapter)).catch((error: Error) => {
    throw new RangeError(`needs a device, which the adapter refuses: ${error.message}`, { cause: error });
  });
  origins.set(device, gpu);
  return device;
}
