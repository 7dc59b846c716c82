/** What the fused kernels share. */
import { axis, size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import { F32_BYTES, type HeapAccess } from "../../heap.ts";
import type { ParallelFor } from "../parallelFor.ts";

/** Makes the entry of an op in the table of an engine. */
export type FusedKernel = (parallelFor: ParallelFor, heap: HeapAccess) => readonly [op: object, kernel: object];

/** Number of rows, over all leading axes. */
export const rowsOf = (shape: Shape): number => size(shape.slice(0, -1));

/** Address of row r of a tensor. */
export const rowAt = ({ address }: HeapAccess, t: Tensor, r: number): number => address(t) + r * axis(t.shape, -1) * F32_BYTES;
