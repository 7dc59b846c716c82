/** What the loops of this engine need: the kernels, and the memory of a tensor. */
import type { Tensor } from "../../tensor/tensor.ts";
import type { Exports } from "./module.ts";
import type { ParallelFor } from "./parallelFor.ts";

export interface Access {
  /** For kernels that run on the calling thread alone. */
  readonly wasm: Exports;
  readonly parallelFor: ParallelFor;
  /** Address of a live tensor, in bytes. */
  readonly at: (t: Tensor) => number;
  /** The numbers of a live tensor. Do not keep it: a memory that grows detaches its views. */
  readonly view: (t: Tensor) => Float32Array;
}
