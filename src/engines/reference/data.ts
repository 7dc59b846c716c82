/** How the loops get the numbers of a live tensor. */
import type { Tensor } from "../../tensor/tensor.ts";

export type Numbers = Float64Array | Float32Array;

export type Data = (t: Tensor) => Numbers;
