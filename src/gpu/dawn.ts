/**
 * Dawn, the WebGPU implementation of Chromium, for use outside of browsers: the optional package `webgpu` (132 MB). The project uses one thing of it, the
 * equivalent of `navigator.gpu`.
 */

/** What is used of the package. Its own types would conflict with TypeScript's types of WebGPU. */
interface Dawn {
  /** @param options each `name=value` */
  readonly create: (options: readonly string[]) => GPU;
}

/** Not of a literal type, so that the project compiles where the package is not installed. */
const PACKAGE: string = "webgpu";
/** With the version that this project is tested with. */
const INSTALL = `npm install ${PACKAGE}@0.6.2`;

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";

/** @throws RangeError that says what is missing */
async function dawn(): Promise<Dawn> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    if (isMissing(error)) throw new RangeError(`needs the package ${PACKAGE}, which is not installed: ${INSTALL}`, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new RangeError(`needs the package ${PACKAGE}, which does not load here: ${reason}`, { cause: error });
  }
}

export interface DawnOptions {
  /** Part of an adapter's name, a backend, or the index of an adapter (adapter.ts); null: any. */
  readonly adapter: string | null;
  /** Allows features outside of the standard: subgroup matrices, which use the matrix units (tensor cores) of a GPU. */
  readonly experimental: boolean;
  /** Leaves out Dawn's checks within programs, of indices and of workgroup memory that was not written; default: false. */
  readonly unchecked?: boolean;
}

/** Dawn's names of graphics APIs; `null` has all features and computes nothing. */
const BACKENDS: readonly string[] = ["vulkan", "metal", "d3d12", "d3d11", "opengl", "opengles", "null"];

/** Timestamps are not rounded: browsers do so against timing attacks, which a process of its own need not fear. */
const EXACT_TIMES = "disable-dawn-features=timestamp_quantization";

const UNCHECKED = ["disable_robustness", "disable_workgroup_init"];

/**
 * The equivalent of a browser's `navigator.gpu`. The owner of one of its devices must keep it alive as long as the device: Dawn crashes once it is
 * garbage-collected.
 *
 * @throws RangeError that says what is missing
 */
export async function gpuOf({ adapter, experimental, unchecked = false }: DawnOptions): Promise<GPU> {
  const { create } = await dawn();
  const chosen = adapter === null ? [] : [`${BACKENDS.includes(adapter) ? "backend" : "adapter"}=${adapter}`];
  const features = [...(experimental ? ["allow_unsafe_apis"] : []), ...(unchecked ? UNCHECKED : [])];
  return create([...chosen, EXACT_TIMES, ...(features.length > 0 ? [`enable-dawn-features=${features.join(",")}`] : [])]);
}
