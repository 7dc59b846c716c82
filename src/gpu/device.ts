/** Devices of the adapters that Dawn finds. */
import { openAdapter } from "./adapter.ts";
import type { DawnOptions } from "./dawn.ts";
import { deviceOf } from "./request.ts";

export interface DeviceOptions extends DawnOptions {
  /** Gives the device only what every WebGPU device has: the default limits, and no features. */
  readonly plain: boolean;
}

/** For each device the object that it came from, without which Dawn crashes: neither may be garbage-collected before the other. */
const origins = new WeakMap<GPUDevice, GPU>();

/**
 * A new device; `destroy` ends it.
 *
 * @throws RangeError that says what is missing
 */
export async function openDevice(options: DeviceOptions): Promise<GPUDevice> {
  const { gpu, adapter } = await openAdapter(options);
  const device = await deviceOf(adapter, options);
  origins.set(device, gpu);
  return device;
}
