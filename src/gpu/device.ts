/** A device of an adapter that Dawn finds. */
import { openAdapter } from "./adapter.ts";
import type { DawnOptions } from "./dawn.ts";
import { deviceOf } from "./request.ts";

export interface DeviceOptions extends DawnOptions {
  /** Holds the device to what every WebGPU device has: the default limits, and no features. */
  readonly plain: boolean;
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
  const device = await deviceOf(adapter, options);
  origins.set(device, gpu);
  return device;
}
