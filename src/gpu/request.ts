/** Requests a device with all that the engine can use, from a `GPU`: a browser's `navigator.gpu`, or Dawn's (dawn.ts). */

export interface RequestOptions {
  /** Gives the device only what every WebGPU device has: the default limits, and no features. Default false. */
  readonly plain?: boolean;
}

/** Limits that are higher if they are requested. */
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

/** Features that the engine uses where they exist. */
export const featureNames: readonly string[] = [
  "timestamp-query",
  "shader-f16",
  "subgroups",
  "subgroup-size-control",
  "chromium-experimental-subgroup-matrix",
];

const isUsed = (name: string): name is GPUFeatureName => featureNames.includes(name);

/** All that the adapter has. */
function all({ limits, features }: GPUAdapter): GPUDeviceDescriptor {
  return {
    requiredLimits: Object.fromEntries(limitNames.map((name) => [name, limits[name]])),
    requiredFeatures: [...features].filter(isUsed),
  };
}

/** The part of a `GPU` that is used here. */
export type Adapters = Pick<GPU, "requestAdapter">;

/** The fastest adapter; null: the machine has none. */
export const requestAdapter = (gpu: Adapters): Promise<GPUAdapter | null> => gpu.requestAdapter({ powerPreference: "high-performance" });

/**
 * A new device of an adapter.
 *
 * @throws RangeError where the adapter refuses it
 */
export function deviceOf(adapter: GPUAdapter, { plain = false }: RequestOptions): Promise<GPUDevice> {
  return adapter.requestDevice(plain ? {} : all(adapter)).catch((error: Error) => {
    throw new RangeError(`needs a device, which the adapter refuses: ${error.message}`, { cause: error });
  });
}

/**
 * A new device of the fastest adapter. Destroying it, or closing its engine, ends it.
 *
 * @param gpu `navigator.gpu`, which is undefined in a browser without WebGPU and on pages without a secure context
 * @throws RangeError that says what is missing
 */
export async function requestDevice(gpu: Adapters | undefined, options: RequestOptions = {}): Promise<GPUDevice> {
  if (gpu === undefined) throw new RangeError("webgpu needs a browser that has WebGPU, and a page from https or localhost");
  const adapter = await requestAdapter(gpu);
  if (adapter === null) throw new RangeError("webgpu needs an adapter, and this browser has none");
  return deviceOf(adapter, options);
}
