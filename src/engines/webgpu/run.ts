/** What the kernels of this engine see of tensors, and how they have their launches run. */
import { axis, type Shape, type Tensor } from "../../tensor/tensor.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import type { Bindable } from "./machine.ts";
import type { Launch, Storage } from "./program.ts";

/** Memory of the engine's own, beside that of the tensors. */
export type Own = "scratch" | "faults";

/** Tensors are given in the order of the program's text. */
export type Run = (launch: Launch, ...tensors: readonly (Tensor | Bindable)[]) => void;

/** What activations are stored in: `f16` takes half of the memory, and sums stay in f32. */
export type WebgpuPrecision = "f32" | "f16";

export interface Access {
  readonly facts: DeviceCapabilities;
  /** What activations are stored in, and the factors of products rounded to. */
  readonly precision: WebgpuPrecision;
  readonly run: Run;
  readonly storage: (t: Tensor) => Storage;
  /** In which slab a tensor lies, and where in it, in bytes. */
  readonly place: (t: Tensor) => { readonly slab: number; readonly offset: number };
  /** Numbers of the host. */
  readonly upload: (to: Tensor | Own, data: Float32Array) => void;
  /** Memory for what a kernel leaves for its next launch; SCRATCH_BYTES long. */
  readonly scratch: Own;
  /** Three words in which a kernel tells of bad input: 1, where, and what. */
  readonly faults: Own;
}

export const SCRATCH_BYTES: number = 32 * 2 ** 20;
/** Of the faults. */
export const FAULT_BYTES = 16;

/** Bytes of a number of an activation of this shape: f16 lies in pairs, so only rows of even length are of it. */
export const activationBytes = ({ precision }: Pick<Access, "precision">, shape: Shape): 2 | 4 =>
  precision === "f16" && axis(shape, -1) % 2 === 0 ? 2 : 4;
