/** What a plan may know of a device, as plain data, so that a plan is a pure function. */
import type { Storage } from "./accessors.ts";
import type { MatrixSyntax, MatrixUnits } from "./kernels/units.ts";

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
  /** Where it varies, a program may state a power of two from `least` to `most`; null: it may not. */
  readonly statedSizes: { readonly least: number; readonly most: number } | null;
  /** The multiplications of matrices that the matrix units of a subgroup do in one instruction. */
  readonly matrices: readonly MatrixConfig[];
  /** How its WGSL loads and stores fragments. */
  readonly matrixSyntax: MatrixSyntax;
  /** Multiprocessors (compute units, cores), which WebGPU does not tell; default: `MULTIPROCESSORS`. */
  readonly multiprocessors?: number;
  /** It is a software adapter. Its plans use small register tiles, since workgroup memory and barriers cost more there than they save. */
  readonly software: boolean;
}

/** Multiprocessors of an H100 SXM (NVIDIA H100 Tensor Core GPU Architecture, table 3), on which plans are made where a device does not tell its own. */
export const MULTIPROCESSORS = 132;

/** m × k by k × n */
export interface MatrixShape {
  /** Rows of the left factor. */
  readonly m: number;
  /** Columns of the right factor. */
  readonly n: number;
  /** Terms of each sum. */
  readonly k: number;
}

/** A multiplication of matrix units. */
export interface MatrixConfig extends MatrixShape {
  /** The type of the factors. Default f16. */
  readonly factors?: Storage;
  /** The type of the sums. Default f32. */
  readonly sums?: Storage;
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
  statedSizes: null,
  matrices: [],
  matrixSyntax: "parameter",
  software: false,
};

/** The features that programs on matrix units need; those of f16 also `shader-f16`. */
export const MATRIX_FEATURES: readonly string[] = ["subgroups", "chromium-experimental-subgroup-matrix"];

/** The size that a program states, where it may: the units of AMD's and Intel's GPUs work for subgroups of 32, and few others do. */
const STATED_SIZE = 32;

/** Threads of the subgroups of a program on matrix units; null: it cannot know them. */
function sizeFor({ subgroup, statedSizes }: DeviceCapabilities): Pick<MatrixUnits, "size" | "statesSize"> | null {
  if (subgroup !== null) return { size: subgroup, statesSize: false };
  if (statedSizes === null || STATED_SIZE < statedSizes.least || STATED_SIZE > statedSizes.most) return null;
  return { size: STATED_SIZE, statesSize: true };
}

const multiplyAdds = ({ m, n, k }: MatrixShape): number => m * n * k;

/**
 * The matrix units for programs that round their factors to `rounded` and sum in f32; null: there are none. For factors of f16 those come first that
 * take f16; units that take f32 multiply the same numbers, widened.
 */
export function matrixUnitsOf(capabilities: DeviceCapabilities, rounded: Storage): MatrixUnits | null {
  const { features, matrices, matrixSyntax: syntax } = capabilities;
  const size = sizeFor(capabilities);
  if (size === null || !MATRIX_FEATURES.every((name) => features.has(name))) return null;
  const largest = (wanted: Storage): MatrixUnits | null => {
    const [best] = matrices
      .filter(({ factors = "f16", sums = "f32" }) => factors === wanted && sums === "f32")
      .toSorted((one, other) => multiplyAdds(other) - multiplyAdds(one));
    return best === undefined ? null : { ...size, shape: { m: best.m, n: best.n, k: best.k }, factors: wanted, syntax };
  };
  const onF16 = rounded === "f16" && features.has("shader-f16") ? largest("f16") : null;
  return onF16 ?? largest("f32");
}

/** As Dawn describes them; they are not part of WebGPU yet. */
interface ReportedMatrix {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

interface DawnAdapterInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: Iterable<ReportedMatrix>;
}

const isFloat = (type: string): type is Storage => type === "f16" || type === "f32";

/** The multiplications of floating-point matrices that an adapter reports. */
export const reportedMatrices = ({ subgroupMatrixConfigs = [] }: DawnAdapterInfo): readonly Required<MatrixConfig>[] =>
  [...subgroupMatrixConfigs].flatMap(({ componentType: factors, resultComponentType: sums, M: m, N: n, K: k }) =>
    isFloat(factors) && isFloat(sums) ? [{ m, n, k, factors, sums }] : [],
  );

/** What programs may use of the matrix units of a device, as `probeMatrixUnits` (probe.ts) finds out. */
export type UsableMatrices = Pick<DeviceCapabilities, "matrices"> & { readonly syntax: MatrixSyntax };

/** @param usable null: programs use no matrix units */
export function capabilitiesOf(device: GPUDevice, usable: UsableMatrices | null = null): DeviceCapabilities {
  const { limits, features, adapterInfo } = device;
  const { subgroupMinSize: least, subgroupMaxSize: most } = adapterInfo;
  return {
    limits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
    features: new Set<string>(features),
    subgroup: least === most ? least : null,
    statedSizes: least !== most && new Set<string>(features).has("subgroup-size-control") ? { least, most } : null,
    matrices: usable?.matrices ?? [],
    matrixSyntax: usable?.syntax ?? defaultCapabilities.matrixSyntax,
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
