/** The numbers of a live tensor, as the loops see them. */
import type { Tensor } from "../../tensor/tensor.ts";

export type Data = (t: Tensor) => Float64Array;
