/**
 * The ops that have a fused kernel: one kernel does the whole op. A fused kernel has exactly the type of the op that it replaces, saved record
 * included. The formulas are in `ops`, `losses`, `train` and `teacher`; the parity law compares each kernel with its op.
 */
import type { FusedTable } from "../../../kernels/kernels.ts";
import { fusedTable } from "../../../ops/observe.ts";
import type { HeapAccess } from "../../heap.ts";
import type { ParallelFor } from "../parallelFor.ts";
import { adamwKernel } from "./adamw.ts";
import { attentionKernel } from "./attention.ts";
import { batchNormKernel, frozenBatchNormKernel } from "./batchNorm.ts";
import { crossEntropyKernel } from "./crossEntropy.ts";
import { geluKernel } from "./gelu.ts";
import { groupedConvKernel } from "./groupedConv.ts";
import type { FusedKernel } from "./kernel.ts";
import { layerNormKernel } from "./layerNorm.ts";
import { linearKernel } from "./linear.ts";
import { logSoftmaxKernel } from "./logSoftmax.ts";
import { reluKernel } from "./relu.ts";
import { sgdKernel } from "./sgd.ts";
import { softmaxKernel } from "./softmax.ts";
import { splitHeadsKernel } from "./splitHeads.ts";
import { unscaleKernel } from "./unscale.ts";

const kernels: readonly FusedKernel[] = [
  linearKernel,
  layerNormKernel,
  geluKernel,
  softmaxKernel,
  logSoftmaxKernel,
  attentionKernel,
  splitHeadsKernel,
  crossEntropyKernel,
  adamwKernel,
  sgdKernel,
  unscaleKernel,
  groupedConvKernel,
  batchNormKernel,
  frozenBatchNormKernel,
  reluKernel,
];

const computeNothing: ParallelFor = () => undefined;

/** @param parallelFor null: the kernels take memory and compute nothing, which makes a plan */
export const fusedKernels =
  (parallelFor: ParallelFor | null) =>
  (heap: HeapAccess): FusedTable =>
    fusedTable(...kernels.map((kernel) => kernel(parallelFor ?? computeNothing, heap)));
