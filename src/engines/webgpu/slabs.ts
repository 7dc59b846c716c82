/**
 * The heap's addresses in buffers of a device: address a lies at a mod SPAN of buffer ⌊a/SPAN⌋. A slab is as long as one binding may be, so
 * that a launch can bind a tensor, or all of a slab. The lowest free address is handed out first: so the steps of a training use the same places,
 * and what was bound once is bound. Slabs are made when an address in them is first reached, and stay.
 */
import type { Layout } from "../heap.ts";
import { usage, type DeviceCapabilities } from "./capabilities.ts";

/** Offsets of bindings are multiples of so many bytes on every device. */
const GRAIN = 256;
/** The longest slab: a larger one would leave more unused than it saves in bindings. */
const LONGEST = 2 ** 30;
/** SwiftShader promises more than it gives. */
const LONGEST_OF_SOFTWARE = 2 ** 28;

/** @param longest a bound of one's own on a slab, in bytes */
export function layoutOf({ limits, software }: DeviceCapabilities, longest: number): Layout {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, software ? LONGEST_OF_SOFTWARE : LONGEST, longest);
  return { alignment: GRAIN, span: Math.floor(most / GRAIN) * GRAIN, first: "lowest" };
}

/** Where a block lies. */
export interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

export interface Slabs {
  /** Makes the slabs reach to this address. */
  readonly reach: (end: number) => void;
  readonly place: (address: number) => Place;
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
    place: (address) => {
      const buffer = slabs[Math.floor(address / span)];
      if (buffer === undefined) throw new RangeError(`webgpu: nothing lies at ${address}`);
      return { buffer, offset: address % span };
    },
    bytes: () => slabs.length * span,
    destroy: () => {
      for (const slab of slabs) slab.destroy();
    },
  };
}
