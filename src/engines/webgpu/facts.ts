/** What a plan may know of a device: plain data, so that a plan is a pure function. */

export interface Facts {
  /** All in bytes or threads. */
  readonly limits: {
    readonly maxStorageBufferBindingSize: number;
    readonly maxBufferSize: number;
    readonly maxStorageBuffersPerShaderStage: number;
    readonly maxComputeWorkgroupStorageSize: number;
    readonly maxComputeInvocationsPerWorkgroup: number;
  };
  /** shader-f16, subgroups, chromium-experimental-subgroup-matrix, timestamp-query, … */
  readonly features: ReadonlySet<string>;
  /** Runs on the processor: small tiles in registers, as workgroup memory and barriers cost more there than they save. */
  readonly software: boolean;
}

/** What every WebGPU device has. */
export const defaultFacts: Facts = {
  limits: {
    maxStorageBufferBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 28,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 2 ** 14,
    maxComputeInvocationsPerWorkgroup: 256,
  },
  features: new Set<string>(),
  software: false,
};

export function factsOf(device: GPUDevice): Facts {
  const { limits, features, adapterInfo } = device;
  return {
    limits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
    features: new Set<string>(features),
    software: adapterInfo.architecture === "swiftshader",
  };
}

// the bits of GPUBufferUsage, a global that only browsers have
const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM, STORAGE, QUERY_RESOLVE] = [0x01, 0x04, 0x08, 0x40, 0x80, 0x200];

/** What buffers are for. */
export const usage: { readonly storage: number; readonly uniform: number; readonly staging: number; readonly times: number } = {
  storage: STORAGE | COPY_SRC | COPY_DST,
  uniform: UNIFORM | COPY_DST,
  staging: MAP_READ | COPY_DST,
  times: QUERY_RESOLVE | COPY_SRC,
};
