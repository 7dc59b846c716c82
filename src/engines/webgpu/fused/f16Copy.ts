/**
 * The f16 copy of a weight, which matrix multiplications with factors in f16 read. It is made when it is first asked for and kept with the weight; AdamW
 * writes both (optimizer.ts), so that it is made once in a training. Nothing else is kept with tensors of this engine.
 */
import { size, type Tensor } from "../../../tensor/tensor.ts";
import type { Extent, HeapAccess } from "../../heap.ts";
import { pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Program } from "../program.ts";
import type { Access } from "../run.ts";

const F16_BYTES = 2;

const roundProgram: Program = pairProgram({
  name: "round",
  tensors: { rounded: "f16", numbers: "f32" },
  main: (pair) => `  store2_rounded(${pair}, load2_numbers(${pair}));`,
});

/** The copy, made now unless there is one. */
export function f16CopyOf({ run }: Access, { keep }: HeapAccess, weight: Tensor): Extent {
  const { fresh, ...copy } = keep(weight, weight.shape, F16_BYTES);
  if (fresh) run(pairDispatch(roundProgram, size(weight.shape)), copy, weight);
  return copy;
}

/** The copy that there is; null: there is none. */
export const knownF16Copy = ({ kept }: HeapAccess, weight: Tensor): Extent | null => kept(weight);
