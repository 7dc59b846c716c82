/**
 * The fused kernels. Each does a whole op, and has exactly its type, the saved record included. The formulas are those of `ops`, `losses`,
 * `teacher` and `train`; the parity law compares each kernel with its op.
 */
import type { FusedTable } from "../../../kernels/kernels.ts";
import { fusedTable } from "../../../ops/observe.ts";
import type { HeapAccess } from "../../heap.ts";
import { attentionKernel } from "./attention.ts";
import { crossEntropyKernel } from "./crossEntropy.ts";
import { eraseKernel } from "./erase.ts";
import { frozenBatchNormKernel } from "./frozenBatchNorm.ts";
import { clipKernel, normKernel, unscaleKernel } from "./gradients.ts";
import { groupedConvKernel } from "./groupedConv.ts";
import { geluKernel } from "./gelu.ts";
import { mergeHeadsKernel, splitHeadsKernel } from "./heads.ts";
import type { FusedKernel } from "./kernel.ts";
import { keepMaskKernel } from "./keepMask.ts";
import { layerNormKernel } from "./layerNorm.ts";
import { linearKernel } from "./linear.ts";
import { lossScaleKernel } from "./lossScale.ts";
import { cutMixKernel, mixupKernel } from "./mixing.ts";
import { normalisePixelsKernel } from "./normalisePixels.ts";
import { adamwKernel, averagedKernel, emaKernel } from "./optimizer.ts";
import { reluKernel } from "./relu.ts";
import { residualKernel } from "./residual.ts";
import { scoresKernel } from "./scores.ts";
import { logSoftmaxKernel, softmaxKernel } from "./softmax.ts";
import type { Access } from "../run.ts";

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
  normKernel,
  clipKernel,
  lossScaleKernel,
  adamwKernel,
  averagedKernel,
  emaKernel,
  mixupKernel,
  cutMixKernel,
  eraseKernel,
  normalisePixelsKernel,
];

export const fusedKernels = (access: Access, heap: HeapAccess): FusedTable => fusedTable(...kernels.map((kernel) => kernel(access, heap)));
