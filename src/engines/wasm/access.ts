/** What the loops of this engine see of a tensor and of its memory. */
import type { Tensor } from "../../tensor/tensor.ts";
import type { Deal } from "./deal.ts";
import type { Exports } from "./module.ts";

export interface Access {
  /** For what is not worth dealing out. */
  readonly wasm: Exports;
  readonly deal: Deal;
  /** Address of a live tensor, in bytes. */
  readonly at: (t: Tensor) => number;
  /** The numbers of a live tensor. Growth of the memory detaches a view, so none is kept. */
  readonly view: (t: Tensor) => Float32Array;
}
