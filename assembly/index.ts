/**
 * The kernels of the WASM engine: loops over pointers into one linear memory. Arguments are outputs, then inputs, then integers, then scalars.
 * Kernels do not allocate, read no clock and do not know of other threads. On a chunk of the rows, a kernel computes results that are bitwise
 * identical to those of a call on all rows.
 */
export { adamw } from "./adamw";
export { attention } from "./attention";
export { attentionVjp } from "./attentionVjp";
export { batchNorm, batchNormVjp, frozenBatchNorm } from "./batchNorm";
export { convolution, convolutionDWeight, convolutionDx } from "./convolution";
export { crossEntropy, crossEntropyVjp } from "./crossEntropy";
export { add, addScalar, div, isFinite, mul, rsqrt, scale, sqrt, square, step, sub, where } from "./elementwise";
export { erfEach, exp2Each, expEach, geluEach, geluVjpEach, logEach, normalCdfEach, reluEach, reluVjpEach } from "./functions";
export { gemm, matmul, multiply, pack } from "./gemm/gemm";
export { layerNorm, layerNormDParams, layerNormDx } from "./layerNorm";
export { clear, copyRuns, permute } from "./move";
export { peak } from "./peak";
export { uniform } from "./random";
export { argmaxRows, maxRows, oneHot, sumColumns, sumRows } from "./reduce";
export { firstFree, scratchBytes, useScratch } from "./scratch";
export { sgd } from "./sgd";
export { logSoftmax, logSoftmaxVjp, softmax, softmaxVjp } from "./softmax";
export { unscale } from "./unscale";
export { fold, unfold } from "./windows";
