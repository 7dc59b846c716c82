/** What a plan may know of a device: plain data, so that a plan is a pure function. */

export interface DeviceCapabilities {
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
  /** Threads of a subgroup; null: not always the same. */
  readonly subgroup: number | null;
  /** The products of f16 matrices, summed in f32, that a subgroup does at once. */
  readonly matrices: readonly MatrixShape[];
  /** Runs on the processor: small tiles in registers, as workgroup memory and barriers cost more there than they save. */
  readonly software: boolean;
}

/** m × k by k × n */
export interface MatrixShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** What every WebGPU device has. */
export const defaultCapabilities: DeviceCapabilities = {
  limits: {
    maxStorageBufferBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 28,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 2 ** 14,
    maxComputeInvocationsPerWorkgroup: 256,
  },
  features: new Set<string>(),
  subgroup: null,
  matrices: [],
  software: false,
};

/** As Dawn tells them; not yet part of WebGPU. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

interface DawnAdapterInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>;
}

function matricesOf({ subgroupMatrixConfigs = [] }: DawnAdapterInfo): readonly MatrixShape[] {
  const halves = [...subgroupMatrixConfigs].filter((one) => one.componentType === "f16" && one.resultComponentType === "f32");
  return halves.map(({ M, N, K }) => ({ m: M, n: N, k: K }));
}

export function capabilitiesOf(device: GPUDevice): DeviceCapabilities {
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
    subgroup: adapterInfo.subgroupMinSize === adapterInfo.subgroupMaxSize ? adapterInfo.subgroupMinSize : null,
    matrices: matricesOf(adapterInfo),
    software: adapterInfo.isFallbackAdapter,
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
