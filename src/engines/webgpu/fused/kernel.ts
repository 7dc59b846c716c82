/** What the fused kernels share: their type, and the memory of their results. */
import { size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import type { HeapAccess } from "../../heap.ts";
import { activationBytes, type Access } from "../run.ts";

/** Makes the entry of an op in the table of fused kernels of an engine. */
export type FusedKernel = (access: Access, heap: HeapAccess) => readonly [op: object, kernel: object];

/** Number of rows, over all leading axes. */
export const rowsOf = (shape: Shape): number => size(shape.slice(0, -1));

/** Memory stored as the engine stores activations: for what only matrix multiplications, or a VJP, will read. */
export const takeActivation = (access: Access, { take }: HeapAccess, shape: Shape): Tensor => take(shape, activationBytes(access, shape));
