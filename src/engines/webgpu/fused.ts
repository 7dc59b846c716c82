/**
 * Ops that one kernel does as a whole: of exactly the type of the op each replaces, saved record included. The formulas stand in `ops`,
 * `losses` and `train`; the parity law holds each kernel to its op.
 */
import type { FusedTable } from "../../kernels/kernels.ts";
import { fusedTable } from "../../ops/observe.ts";
import type { HeapAccess } from "../heap.ts";
import type { Access } from "./run.ts";

export function fusedKernels(_access: Access, _heap: HeapAccess): FusedTable {
  return fusedTable();
}
