/** What a plan may know of a device, as plain data, so that a plan is a pure function. */

export interface DeviceCapabilities {
  /** In bytes or threads. */
  readonly limits: {
    readonly maxStorageBufferBindingSize: number;
    readonly maxBufferSize: number;
    readonly maxStorageBuffersPerShaderStage: number;
    readonly maxComputeWorkgroupStorageSize: number;
    readonly maxComputeInvocationsPerWorkgroup: number;
  };
  /** shader-f16, subgroups, chromium-experimental-subgroup-matrix, timestamp-query, … */
  readonly features: ReadonlySet<string>;
  /** Threads of a subgroup; null: the number varies. */
  readonly subgroup: number | null;
  /** The multiplications of f16 matrices, summed in f32, that the matrix units of a subgroup do in one instruction. */
  readonly matrices: readonly MatrixShape[];
  /** Multiprocessors (compute units, cores), which WebGPU does not tell; default: `MULTIPROCESSORS`. */
  readonly multiprocessors?: number;
  /** It is a software adapter. Its plans use small register tiles, since workgroup memory and barriers cost more there than they save. */
  readonly software: boolean;
}

/** Multiprocessors of an H100 SXM (NVIDIA H100 Tensor Core GPU Architecture, table 3), on which plans are made where a device does not tell its own. */
export const MULTIPROCESSORS = 132;

/** m × k by k × n */
export interface MatrixShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** The capabilities that every WebGPU device has. */
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

/** The features that programs on matrix units need. */
const MATRIX_FEATURES = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

export interface MatrixUnits {
  /** Threads of a subgroup. */
  readonly size: number;
  /** The largest multiplication that they do in one instruction. */
  readonly shape: MatrixShape;
}

/** The matrix units that programs can use; null: there are none. */
export function matrixUnitsOf({ features, subgroup, matrices }: DeviceCapabilities): MatrixUnits | null {
  const [shape] = matrices.toSorted((one, other) => other.m * other.n * other.k - one.m * one.n * one.k);
  if (shape === undefined || subgroup === null || !MATRIX_FEATURES.every((name) => features.has(name))) return null;
  return { size: subgroup, shape };
}

/** As Dawn describes them; they are not part of WebGPU yet. */
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

const isF16WithF32Sums = ({ componentType, resultComponentType }: MatrixConfig): boolean =>
  componentType === "f16" && resultComponentType === "f32";

const matricesOf = ({ subgroupMatrixConfigs = [] }: DawnAdapterInfo): readonly MatrixShape[] =>
  [...subgroupMatrixConfigs].filter(isF16WithF32Sums).map(({ M, N, K }) => ({ m: M, n: N, k: K }));

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

// flags of GPUBufferUsage, a global that only browsers have
const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM, STORAGE, QUERY_RESOLVE] = [0x01, 0x04, 0x08, 0x40, 0x80, 0x200];

/** The usages of the engine's buffers. */
export const usage: { readonly storage: number; readonly uniform: number; readonly staging: number; readonly times: number } = {
  storage: STORAGE | COPY_SRC | COPY_DST,
  uniform: UNIFORM | COPY_DST,
  staging: MAP_READ | COPY_DST,
  times: QUERY_RESOLVE | COPY_SRC,
};
