/**
 * What stands under the engine: memory at the heap's addresses, and someone who runs launches on it. A device (device.ts), or nobody where
 * only a plan is made (planning.ts).
 */
import type { Layout } from "../heap.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import type { Launch } from "./program.ts";
import type { Own } from "./run.ts";

/** Memory of the heap: a block, or a part of one. */
export interface Extent {
  readonly address: number;
  readonly bytes: number;
}

/** All of a buffer of the heap's, for a launch that looks for tensors in it by itself. */
export interface Slab {
  readonly slab: number;
  /** That the launch will touch. */
  readonly bytes: number;
}

/** What a launch binds. */
export type Bindable = Extent | Slab | Own;

export interface Machine {
  readonly facts: DeviceCapabilities;
  readonly layout: Layout;
  /** Makes the memory reach to this address. */
  readonly reach: (end: number) => void;
  /** Bytes that are held. */
  readonly reserved: () => number;
  readonly launch: (launch: Launch, operands: readonly Bindable[]) => void;
  /** Numbers of the host. */
  readonly upload: (to: Extent | Own, data: Float32Array) => void;
  /** The bytes as they are at this point of the launches, later. */
  readonly read: (from: Bindable, bytes: number) => Promise<ArrayBuffer>;
}
