/** The numbers of a live tensor, as the loops see them. */
import type { Tensor } from "../../tensor/tensor.ts";

export type Numbers = Float64Array | Float32Array;

export type Data = (t: Tensor) => Numbers;
