/**
 * Ops that one kernel does as a whole: of exactly the type of the op each replaces, saved record included. The formulas stand in `ops`,
 * `losses` and `train`; the parity law holds each kernel to its op.
 */
import type { FusedTable } from "../../kernels/kernels.ts";
import { fusedTable } from "../../ops/observe.ts";
import type { HeapAccess } from "../heap.ts";
import { attentionKernel } from "./fused/attention.ts";
import { crossEntropyKernel } from "./fused/crossEntropy.ts";
import { frozenBatchNormKernel } from "./fused/frozenBatchNorm.ts";
import { groupedConvKernel } from "./fused/groupedConv.ts";
import { geluKernel } from "./fused/gelu.ts";
import { mergeHeadsKernel, splitHeadsKernel } from "./fused/heads.ts";
import type { FusedKernel } from "./fused/kernel.ts";
import { keepMaskKernel } from "./fused/keepMask.ts";
import { layerNormKernel } from "./fused/layerNorm.ts";
import { linearKernel } from "./fused/linear.ts";
import { cutMixKernel, mixupKernel } from "./fused/mixing.ts";
import { normalisePixelsKernel } from "./fused/normalisePixels.ts";
import { adamwKernel, emaKernel, unscaleKernel } from "./fused/optimizer.ts";
import { reluKernel } from "./fused/relu.ts";
import { residualKernel } from "./fused/residual.ts";
import { scoresKernel } from "./fused/scores.ts";
import { logSoftmaxKernel, softmaxKernel } from "./fused/softmax.ts";
import type { Access } from "./run.ts";

const kernels: readonly FusedKernel[] = [
  linearKernel,
  layerNormKernel,
  softmaxKernel,
  logSoftmaxKernel,
  geluKernel,
  splitHeadsKernel,
  mergeHeadsKernel,
  attentionKernel,
  scoresKernel,
  residualKernel,
  keepMaskKernel,
  groupedConvKernel,
  frozenBatchNormKernel,
  reluKernel,
  crossEntropyKernel,
  unscaleKernel,
  adamwKernel,
  emaKernel,
  mixupKernel,
  cutMixKernel,
  normalisePixelsKernel,
];

export const fusedKernels = (access: Access, heap: HeapAccess): FusedTable => fusedTable(...kernels.map((kernel) => kernel(access, heap)));
