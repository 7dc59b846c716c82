/** The adapters of this machine: GPUs and software adapters. */
import { gpuOf, type DawnOptions } from "./dawn.ts";
import { requestAdapter } from "./request.ts";

/** An adapter as Dawn lists it. */
export interface Listed {
  readonly name: string;
  /** vulkan, metal, d3d12, … */
  readonly backend: string;
}

/** The adapters in a message of Dawn, in the order in which it prefers them. */
const listedIn = (text: string): readonly Listed[] =>
  [...text.matchAll(/backend: '(.*?)', name: '(.*?)'/g)].map(([, backend = "", name = ""]) => ({ name, backend }));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The name of no adapter: Dawn answers with a list of those that exist. */
const NO_ADAPTER = "?";

/** All adapters, the fastest first; an empty list where there is no driver. */
export async function listAdapters(): Promise<readonly Listed[]> {
  try {
    const gpu = await gpuOf({ adapter: NO_ADAPTER, experimental: false });
    await requestAdapter(gpu);
    return [];
  } catch (error) {
    return listedIn(messageOf(error));
  }
}

/** An adapter, and the object that it came from, which must outlive the devices of the adapter. */
export interface OpenAdapter {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

/** Whether this chooses an adapter by its place in the list of `listAdapters`. */
export const isIndex = (adapter: string | null): boolean => adapter !== null && /^\d+$/.test(adapter);

/** Whether Dawn, which takes the first adapter whose name contains the one that it is asked for, would open another than the one at this place. */
export const isShadowed = (index: number, adapters: readonly Listed[]): boolean => firstLike(index, adapters) < index;

/** The first adapter that Dawn takes for the one at a place; that place itself if there is no adapter. */
function firstLike(index: number, adapters: readonly Listed[]): number {
  const chosen = adapters[index];
  return chosen === undefined ? index : adapters.findIndex(({ name }) => name.includes(chosen.name));
}

/**
 * The name by which Dawn finds the adapter at a place in the list.
 *
 * @throws RangeError where there is none, and where Dawn would open another
 */
export function nameAt(index: number, adapters: readonly Listed[]): string {
  const known = adapters.map(({ name, backend }, i) => `${i} is ${name} (${backend})`).join(", ");
  const chosen = adapters[index];
  if (chosen === undefined)
    throw new RangeError(`needs an adapter ${index}, which is not here${known === "" ? ", nor is any other" : `: ${known}`}`);
  if (isShadowed(index, adapters))
    throw new RangeError(
      `cannot open adapter ${index}, since Dawn chooses by name, and adapter ${firstLike(index, adapters)} has the same: ${known}; a process that sees only one of them would be right, as with srun --gpus-per-task=1 --gpu-bind=single:1, or by the device-select layer of Mesa for Vulkan on Linux (the package mesa-vulkan-drivers), which is not here or does not know them`,
    );
  return chosen.name;
}

/** The options with a name in place of an index. @throws RangeError for an index of no adapter */
export async function namedAdapter(options: DawnOptions): Promise<DawnOptions> {
  return isIndex(options.adapter) ? { ...options, adapter: nameAt(Number(options.adapter), await listAdapters()) } : options;
}

/**
 * The adapter with that name, or the fastest.
 *
 * @throws RangeError that says what is missing
 */
export async function openAdapter(asked: DawnOptions): Promise<OpenAdapter> {
  const options = await namedAdapter(asked);
  const gpu = await gpuOf(options);
  const adapter = await requested(gpu, options);
  if (adapter === null) throw new RangeError("needs an adapter, and none is here: a GPU with a driver for Vulkan, Metal or Direct3D 12");
  return { gpu, adapter };
}

async function requested(gpu: GPU, { adapter: name }: DawnOptions): Promise<GPUAdapter | null> {
  try {
    return await requestAdapter(gpu);
  } catch (error) {
    const known = listedIn(messageOf(error)).map((one) => `${one.name} (${one.backend})`);
    if (known.length === 0) throw error;
    throw new RangeError(`needs an adapter ${name}, which is not here; known: ${known.join(", ")}`, { cause: error });
  }
}
