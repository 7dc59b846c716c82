/** What the kernels of this engine see of tensors, and how they run dispatches. */
import { axis, type Shape, type Tensor } from "../../tensor/tensor.ts";
import type { Storage } from "./accessors.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import type { Bindable, Extent } from "./machine.ts";
import type { Dispatch } from "./program.ts";

/** Buffers of the engine that hold no tensors. */
export type EngineBuffer = "scratch" | "faults";

/** Runs a dispatch on tensors in the order of the program's text. */
export type Run = (dispatch: Dispatch, ...tensors: readonly (Tensor | Bindable)[]) => void;

/** What activations are stored as: `f16` takes half of the memory, and sums stay in f32. */
export type WebgpuPrecision = "f32" | "f16";

export interface Access {
  readonly capabilities: DeviceCapabilities;
  /** What activations are stored as, and the factors of matrix multiplications rounded to. */
  readonly precision: WebgpuPrecision;
  readonly run: Run;
  readonly storage: (t: Tensor) => Storage;
  /** The slab of a tensor, or of other memory of the heap, and its offset in it, in bytes. */
  readonly slabOf: (t: Tensor | Extent) => { readonly slab: number; readonly offset: number };
  /** Writes numbers of the host, or whole words of bytes. */
  readonly upload: (to: Tensor | EngineBuffer, data: Float32Array | Uint8Array) => void;
  /** Memory for what a kernel leaves for its next dispatch, SCRATCH_BYTES long. */
  readonly scratch: EngineBuffer;
  /** Three words in which a kernel reports bad input: 1, its index, its value. */
  readonly faults: EngineBuffer;
}

export const SCRATCH_BYTES: number = 32 * 2 ** 20;
export const FAULT_BYTES = 16;

/** Bytes of a number of an activation of this shape: f16 is stored in pairs, so only rows of even length have it. */
export const activationBytes = ({ precision }: Pick<Access, "precision">, shape: Shape): 2 | 4 =>
  precision === "f16" && axis(shape, -1) % 2 === 0 ? 2 : 4;
