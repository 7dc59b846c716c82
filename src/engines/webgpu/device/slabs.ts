/**
 * The heap's addresses in buffers of a device: address a lies at a mod SPAN of buffer ⌊a/SPAN⌋. A slab is as long as a binding may be, so that a
 * dispatch can bind a tensor, or a whole slab. The heap reuses the lowest free address first, so that training steps use the same addresses and
 * their bind groups can be kept. A slab is made when an address in it is first needed, and stays. Where a device has no memory for a slab, the last one
 * is shorter, and later addresses are refused.
 */
import { MemoryError } from "../../../tensor/errors.ts";
import type { Layout } from "../../heap.ts";
import { allocate, type Allocation } from "./allocation.ts";
import { usage, type DeviceCapabilities } from "../capabilities.ts";
import type { DeviceFailure } from "./failure.ts";

/** Every device allows bindings whose offsets are multiples of this many bytes. */
export const OFFSET_ALIGNMENT = 256;
/** The longest slab where the caller asks for none: a longer one would waste more memory than it saves bindings, unless a tensor needs it. */
export const USUAL_SLAB: number = 2 ** 30;
/** The shortest slab, which is the last of a device that has no more memory. */
const SHORTEST = 2 ** 20;
/** SwiftShader fails for buffers that are within the limits which it states. */
const LONGEST_OF_SOFTWARE = 2 ** 28;

/** @param longest the caller's bound on a slab, in bytes; Infinity: as long as the device can bind */
export function slabLayout({ limits, software }: DeviceCapabilities, longest: number): Layout {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, software ? LONGEST_OF_SOFTWARE : Infinity, longest);
  return { alignment: OFFSET_ALIGNMENT, span: Math.floor(most / OFFSET_ALIGNMENT) * OFFSET_ALIGNMENT, first: "lowest" };
}

/** A position in the memory of a device. */
export interface BufferOffset {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

export interface Slabs {
  /** Makes the slabs reach to this address, as far as the device has the memory: `settled` says it. */
  readonly reach: (end: number) => void;
  /** @throws MemoryError for an address that the device had no memory for */
  readonly locate: (address: number) => BufferOffset;
  readonly bytes: () => number;
  /** The most that the device was found to have memory for, in bytes; Infinity as long as it had enough. */
  readonly capacity: () => number;
  /** Resolves when the device has the memory of all slabs. @throws MemoryError if it has not; the slabs that it had no memory for are given up */
  readonly settled: () => Promise<void>;
  readonly destroy: () => void;
}

interface Slab extends Allocation {
  readonly bytes: number;
  /** Whether a dispatch may have bound it. */
  used: boolean;
}

/** @param failure for a slab that is in use when the device says that it has no memory for it */
export function slabsOn(device: GPUDevice, { span }: Layout, failure: DeviceFailure): Slabs {
  const slabs: Slab[] = [];
  let [wanted, capacity] = [0, Infinity];
  const bytes = (): number => slabs.reduce((sum, slab) => sum + slab.bytes, 0);
  const refusal = (): MemoryError => new MemoryError("webgpu", { needed: wanted, capacity: Math.min(capacity, bytes()) });
  const watch = async (slab: Slab): Promise<void> => {
    if (!(await slab.held) && slab.used) failure.set(refusal());
  };
  const make = (size: number): Slab => {
    const slab = { ...allocate(device, { label: `slab ${slabs.length}`, size, usage: usage.storage }), bytes: size, used: false };
    slabs.push(slab);
    failure.awaits(watch(slab));
    return slab;
  };

  /** Gives up a slab, and those after it. */
  const cut = (index: number): void => {
    for (const { buffer } of slabs.splice(index)) buffer.destroy();
  };

  /** A last slab that is shorter than a span, as long as the device has memory for. */
  const makeShorter = async (): Promise<void> => {
    for (let size = span / 2; size >= SHORTEST; size /= 2) {
      if (await make(Math.floor(size / OFFSET_ALIGNMENT) * OFFSET_ALIGNMENT).held) return;
      cut(slabs.length - 1);
    }
  };

  const settled = async (): Promise<void> => {
    const held = await Promise.all(slabs.map((slab) => slab.held));
    const missing = held.indexOf(false);
    if (missing < 0) return;
    if (slabs.slice(missing).some(({ used }) => used)) throw refusal();
    cut(missing);
    await makeShorter();
    capacity = bytes();
    if (capacity < wanted) throw refusal();
  };

  return {
    reach: (end) => {
      wanted = end;
      while (bytes() < end) make(span);
    },
    locate: (address) => {
      const slab = slabs[Math.floor(address / span)];
      if (slab === undefined || address % span >= slab.bytes) throw refusal();
      slab.used = true;
      return { buffer: slab.buffer, offset: address % span };
    },
    bytes,
    capacity: () => capacity,
    settled,
    destroy: () => cut(0),
  };
}
