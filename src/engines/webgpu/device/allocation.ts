/**
 * Buffers of a device. `createBuffer` returns at once, whether the device has the memory or not; an error scope says it later. Buffers are made when
 * memory is reserved, and hardly ever afterwards, so that no scope is open while commands are encoded.
 */
import { MemoryError } from "../../../tensor/errors.ts";
import type { DeviceFailure } from "./failure.ts";

export interface Allocation {
  readonly buffer: GPUBuffer;
  /** Whether the device has the memory; true where the device is lost, which is reported by itself. */
  readonly held: Promise<boolean>;
}

export function allocate(device: GPUDevice, descriptor: GPUBufferDescriptor): Allocation {
  device.pushErrorScope("out-of-memory");
  const buffer = device.createBuffer(descriptor);
  const held = device.popErrorScope().then(
    (error) => error === null,
    () => true,
  );
  return { buffer, held };
}

/** Buffers without which nothing runs. */
export interface NeededBuffers {
  /** A new buffer. If the device has no memory for it, the engine fails with a MemoryError. */
  readonly make: (descriptor: GPUBufferDescriptor) => GPUBuffer;
  /** Resolves when it is known of every buffer whether the device has the memory. */
  readonly settled: () => Promise<void>;
}

export function neededBuffers(device: GPUDevice, failure: DeviceFailure): NeededBuffers {
  let [asked, had] = [0, 0];
  let last: Promise<void> = Promise.resolve();
  const settle = async (before: Promise<void>, held: Promise<boolean>, bytes: number): Promise<void> => {
    await before;
    if (await held) had += bytes;
    else failure.set(new MemoryError("webgpu", { needed: asked, capacity: had }));
  };
  return {
    make: (descriptor) => {
      const { buffer, held } = allocate(device, descriptor);
      asked += descriptor.size;
      last = settle(last, held, descriptor.size);
      failure.awaits(last);
      return buffer;
    },
    settled: () => last,
  };
}
