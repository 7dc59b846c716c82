/**
 * Dawn, the WebGPU of Chromium, where no browser brings one: the package `webgpu`, which nobody gets unasked (132 MB). Nothing else is asked of it here than one
 * object, with which all begins.
 */

/** Of the package. Its own types would declare WebGPU a second time, beside those of TypeScript. */
interface Dawn {
  /** @param options `name=value` each */
  readonly create: (options: readonly string[]) => GPU;
}

/** No literal, so that the project compiles where the package is not installed. */
const PACKAGE: string = "webgpu";
/** The version that this project is tried with. */
const INSTALL = `npm install ${PACKAGE}@0.6.2`;

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";

/** @throws RangeError that says what is needed */
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
  /** Part of an adapter's name, or a backend; null: whatever there is. */
  readonly adapter: string | null;
  /** Allows what no standard has yet: the matrices of a subgroup, which are a GPU's tensor cores. */
  readonly experimental: boolean;
}

/** Dawn's words for the ways to a GPU; `null` computes nothing, and knows all features. */
const BACKENDS: readonly string[] = ["vulkan", "metal", "d3d12", "d3d11", "opengl", "opengles", "null"];

/** Times are told to the nanosecond, as nobody else's secrets are in this process. */
const EXACT_TIMES = "disable-dawn-features=timestamp_quantization";

/**
 * What `navigator.gpu` is in a browser. Whoever has a device of it must keep it as long as the device: Dawn crashes once it is collected.
 *
 * @throws RangeError that says what is needed
 */
export async function gpuOf({ adapter, experimental }: DawnOptions): Promise<GPU> {
  const { create } = await dawn();
  const chosen = adapter === null ? [] : [`${BACKENDS.includes(adapter) ? "backend" : "adapter"}=${adapter}`];
  return create([...chosen, EXACT_TIMES, ...(experimental ? ["enable-dawn-features=allow_unsafe_apis"] : [])]);
}
