/**
 * What an engine runs on: memory at the addresses of its heap, and dispatches on it. A device (device.ts); or, for an engine that only makes plans,
 * something that notes the dispatches (planning.ts).
 */
import type { Layout } from "../heap.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import type { Dispatch } from "./program.ts";
import type { EngineBuffer } from "./run.ts";

/** Memory of the heap: a block, or a part of one. */
export interface Extent {
  readonly address: number;
  readonly bytes: number;
}

/** A whole buffer of the heap, for a dispatch that finds tensors in it by their offsets. */
export interface Slab {
  readonly slab: number;
  /** Bytes of the tensors that the dispatch finds in it, and those of them that it reads, and writes. */
  readonly bytes: number;
  readonly read: number;
  readonly written: number;
}

/** What a dispatch binds. */
export type Bindable = Extent | Slab | EngineBuffer;

export interface Machine {
  readonly capabilities: DeviceCapabilities;
  readonly layout: Layout;
  /** Makes the memory reach to this address. */
  readonly reach: (end: number) => void;
  /** The same before a program runs, and prepares what it takes besides. */
  readonly reserve: (end: number) => void;
  /** The most memory that was found to be there, in bytes; Infinity: there was always enough. */
  readonly capacity: () => number;
  /** Bytes of memory that it holds. */
  readonly reserved: () => number;
  readonly dispatch: (dispatch: Dispatch, memories: readonly Bindable[]) => void;
  /** Called at once when a kernel issues a dispatch; what it returns is dispatched in its place. Default: the same. */
  readonly issued?: (dispatch: Dispatch) => Dispatch;
  /** Writes numbers of the host, or whole words of bytes. */
  readonly upload: (to: Extent | EngineBuffer, data: Float32Array | Uint8Array) => void;
  /** The bytes after all dispatches so far, later. */
  readonly read: (from: Bindable, bytes: number) => Promise<ArrayBuffer>;
}
