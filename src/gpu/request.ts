/** A device with all that the engine can use of it, from whoever has a `GPU`: a browser as `navigator.gpu`, or Dawn (dawn.ts). */

export interface RequestOptions {
  /** Holds the device to what every WebGPU device has: the default limits, and no features. */
  readonly plain?: boolean;
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

/** What is asked of a `GPU`. */
export type Adapters = Pick<GPU, "requestAdapter">;

/** The fastest adapter; null: there is none. */
export const requestAdapter = (gpu: Adapters): Promise<GPUAdapter | null> => gpu.requestAdapter({ powerPreference: "high-performance" });

/**
 * A new device of an adapter.
 *
 * @throws RangeError where the adapter refuses
 */
export function deviceOf(adapter: GPUAdapter, { plain = false }: RequestOptions): Promise<GPUDevice> {
  return adapter.requestDevice(plain ? {} : all(adapter)).catch((error: Error) => {
    throw new RangeError(`needs a device, which the adapter refuses: ${error.message}`, { cause: error });
  });
}

/**
 * A new device of the fastest adapter; `destroy`, or closing its engine, ends it.
 *
 * @param gpu `navigator.gpu`, which a browser without WebGPU, or a page that is not secure, lacks
 * @throws RangeError that says what is needed
 */
export async function requestDevice(gpu: Adapters | undefined, options: RequestOptions = {}): Promise<GPUDevice> {
  if (gpu === undefined) throw new RangeError("webgpu needs a browser that has WebGPU, and a page from https or localhost");
  const adapter = await requestAdapter(gpu);
  if (adapter === null) throw new RangeError("webgpu needs an adapter, and this browser has none");
  return deviceOf(adapter, options);
}
