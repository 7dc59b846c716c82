/**
 * The heap's addresses in buffers of a device: address a lies at a mod SPAN of buffer ⌊a/SPAN⌋. A slab is as long as a binding may be, so that a
 * dispatch can bind a tensor, or a whole slab. The heap reuses the lowest free address first, so that training steps use the same addresses and
 * their bind groups can be kept. A slab is made when an address in it is first needed, and stays.
 */
import type { Layout } from "../heap.ts";
import { usage, type DeviceCapabilities } from "./capabilities.ts";

/** Every device allows bindings whose offsets are multiples of this many bytes. */
export const OFFSET_ALIGNMENT = 256;
/** The longest slab: a longer one would waste more memory than it saves bindings. */
const LONGEST = 2 ** 30;
/** SwiftShader fails for buffers that are within the limits which it states. */
const LONGEST_OF_SOFTWARE = 2 ** 28;

/** @param longest the caller's bound on a slab, in bytes */
export function slabLayout({ limits, software }: DeviceCapabilities, longest: number): Layout {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, software ? LONGEST_OF_SOFTWARE : LONGEST, longest);
  return { alignment: OFFSET_ALIGNMENT, span: Math.floor(most / OFFSET_ALIGNMENT) * OFFSET_ALIGNMENT, first: "lowest" };
}

/** A position in the memory of a device. */
export interface BufferOffset {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

export interface Slabs {
  /** Makes the slabs reach to this address. */
  readonly reach: (end: number) => void;
  readonly locate: (address: number) => BufferOffset;
  readonly bytes: () => number;
  readonly destroy: () => void;
}

export function slabsOn(device: GPUDevice, { span }: Layout): Slabs {
  const slabs: GPUBuffer[] = [];
  return {
    reach: (end) => {
      while (slabs.length * span < end)
        slabs.push(device.createBuffer({ label: `slab ${slabs.length}`, size: span, usage: usage.storage }));
    },
    locate: (address) => {
      const buffer = slabs[Math.floor(address / span)];
      if (buffer === undefined) throw new RangeError(`webgpu: address ${address} is beyond the ${slabs.length} slabs of ${span} bytes`);
      return { buffer, offset: address % span };
    },
    bytes: () => slabs.length * span,
    destroy: () => {
      for (const slab of slabs) slab.destroy();
    },
  };
}
