/** Entry point `deit`: tensors, ops, losses, the model, its teacher, the training step, and the reference and abstract engines. */

// Tensors, trees of tensors, random keys
export { isTensor, size } from "./tensor/tensor.ts";
export type { Shape, Tensor } from "./tensor/tensor.ts";
export { named, mapTree } from "./tensor/tree.ts";
export { philox, keyOf, fold, uniformAt, uniform53At, normalAt, permutation } from "./tensor/key.ts";
export type { Key } from "./tensor/key.ts";
export { DeviceLostError, MemoryError, ShapeError, StaleError } from "./tensor/errors.ts";
export type { Shapes } from "./tensor/shape.ts";

// Kernels and engines
export type { Transpose, Window, Basis, Call, Visitor, FusedTable, Scope, Kernels } from "./kernels/kernels.ts";
export type { MemoryReport, Counters, Precision, Engine } from "./kernels/engine.ts";
export { referenceEngine } from "./engines/reference/engine.ts";
export { abstractEngine } from "./engines/abstract/engine.ts";
export type { HeapAccess } from "./engines/heap.ts";
export { costVisitor } from "./engines/abstract/summary.ts";
export type { ModuleCost } from "./engines/abstract/summary.ts";

// Ops
export { scores, mix, attention } from "./ops/attention.ts";
export type { ScoresInputs, MixInputs, AttentionInputs, AttentionAttrs, AttentionSaved } from "./ops/attention.ts";
export { dropPathRates, dropPathMultipliers } from "./ops/dropPath.ts";
export type { Multipliers } from "./ops/dropPath.ts";
export { dropout, dropoutAt } from "./ops/dropout.ts";
export type { DropoutInputs, DropoutAttrs, DropoutSaved } from "./ops/dropout.ts";
export { gelu } from "./ops/gelu.ts";
export type { GeluInputs, GeluSaved } from "./ops/gelu.ts";
export { keepMask } from "./ops/keepMask.ts";
export { layerNorm } from "./ops/layerNorm.ts";
export type { LayerNormParams, LayerNormAttrs, LayerNormSaved } from "./ops/layerNorm.ts";
export { linear } from "./ops/linear.ts";
export type { LinearParams, LinearSaved } from "./ops/linear.ts";
export { logSoftmax } from "./ops/logSoftmax.ts";
export type { LogSoftmaxInputs, LogSoftmaxSaved } from "./ops/logSoftmax.ts";
export { observe, inference, constantWeights, withoutFusion, fuse, fusedTable } from "./ops/observe.ts";
export { defineOp, defineRoutine } from "./ops/op.ts";
export type { Constant, Grads, Layer, Result, Op, OpDefinition, Routine } from "./ops/op.ts";
export { parts } from "./ops/parts.ts";
export { patches } from "./ops/patches.ts";
export type { PatchesInputs, PatchesAttrs, PatchesSaved } from "./ops/patches.ts";
export { addPosition, sineCosine } from "./ops/position.ts";
export type { PositionInputs } from "./ops/position.ts";
export { resizeMatrix, positionResize } from "./ops/positionResize.ts";
export type { Resampling, Grid, PositionResizeInputs, PositionResizeAttrs, PositionResizeSaved } from "./ops/positionResize.ts";
export { rematerialise } from "./ops/rematerialise.ts";
export type { Rematerialised } from "./ops/rematerialise.ts";
export { residual } from "./ops/residual.ts";
export type { ResidualInputs, ResidualAttrs } from "./ops/residual.ts";
export { softmax } from "./ops/softmax.ts";
export type { SoftmaxInputs, SoftmaxSaved } from "./ops/softmax.ts";
export { splitHeads, mergeHeads } from "./ops/splitHeads.ts";
export type { SplitInputs, SplitAttrs, QueriesKeysValues, MergeInputs, MergeSaved } from "./ops/splitHeads.ts";
export { prefixTokens, token } from "./ops/tokens.ts";
export type { PrefixInputs, PrefixSaved, TokenInputs, TokenAttrs, TokenSaved } from "./ops/tokens.ts";

// Losses
export { crossEntropy } from "./losses/crossEntropy.ts";
export type { CrossEntropyInputs, CrossEntropyAttrs, CrossEntropySaved } from "./losses/crossEntropy.ts";
export { divergence } from "./losses/divergence.ts";
export type { Divisor, DivergenceInputs, DivergenceAttrs, DivergenceSaved } from "./losses/divergence.ts";
export { meanOfTeachers } from "./losses/meanOfTeachers.ts";
export { teacherDecision, hardDistillation } from "./losses/hardDistillation.ts";
export type { HardDistillationAttrs, HardDistillationSaved } from "./losses/hardDistillation.ts";
export { smoothOverAll, smoothOverOthers } from "./losses/labelSmoothing.ts";
export { reverseDivergence } from "./losses/reverseDivergence.ts";
export { softDistillation } from "./losses/softDistillation.ts";
export type { Direction, TwoLogits, SoftDistillationAttrs, SoftDistillationSaved } from "./losses/softDistillation.ts";
export { twoClassTokens } from "./losses/twoClassTokens.ts";
export type { TwoClassTokensSaved } from "./losses/twoClassTokens.ts";
export { usualSoftDistillation, usualHardDistillation } from "./losses/usualDistillation.ts";
export type { ClassLogits } from "./losses/usualDistillation.ts";

// DeiT
export { block } from "./model/block.ts";
export type { BlockParams, BlockAttrs, BlockSaved } from "./model/block.ts";
export { deitNames, checkedConfig, deitConfig, patchCount, prefixCount, tokenCount } from "./model/config.ts";
export type { DeitConfig, DeitName, TimmName } from "./model/config.ts";
export { deitLogitsOf, deitLogits, deitPredict } from "./model/deit.ts";
export type { BackboneParams, BackboneInputs, BackboneSaved, DeitParams, DeitInputs, DeitAttrs, DeitSaved } from "./model/deit.ts";
export { embed } from "./model/embed.ts";
export type { EmbedParams, EmbedInputs, EmbedAttrs, EmbedSaved } from "./model/embed.ts";
export { encoderOf } from "./model/encoder.ts";
export type { EncoderAttrs, BlockOp } from "./model/encoder.ts";
export { meanOfLogits, sumOfSoftmax } from "./model/fusion.ts";
export type { MeanSaved, SumSaved } from "./model/fusion.ts";
export { classifierHeads } from "./model/heads.ts";
export type { HeadsParams, HeadsInputs, Logits, HeadsSaved } from "./model/heads.ts";
export { initialValues, initialParams } from "./model/init.ts";
export { mlp } from "./model/mlp.ts";
export type { MlpParams, MlpAttrs, MlpSaved } from "./model/mlp.ts";
export { parameterShapes, parameterCount, buildParams } from "./model/params.ts";
export { patchEmbed } from "./model/patchEmbed.ts";
export type { PatchEmbedParams, PatchEmbedInputs, PatchEmbedSaved } from "./model/patchEmbed.ts";
export { resizedPositions, positionMethods } from "./model/resizedPositions.ts";
export type { PositionMethod } from "./model/resizedPositions.ts";
export { selfAttention } from "./model/selfAttention.ts";
export type { SelfAttentionParams, SelfAttentionAttrs, SelfAttentionSaved } from "./model/selfAttention.ts";

// RegNetY, the teacher
export { averagePool } from "./teacher/averagePool.ts";
export type { AveragePoolInputs, AveragePoolSaved } from "./teacher/averagePool.ts";
export { batchNorm, frozenBatchNorm } from "./teacher/batchNorm.ts";
export type {
  BatchNormParams,
  BatchNormBuffers,
  BatchNormAttrs,
  FrozenBatchNormAttrs,
  BatchStats,
  Normed,
  BatchNormSaved,
  NormOp,
} from "./teacher/batchNorm.ts";
export { stagesOfDesign, squeezedWidth, checkedRegnetConfig, regnetNames, regnetConfig } from "./teacher/config.ts";
export type { RegnetConfig, RegnetName, TimmRegnetName, Design } from "./teacher/config.ts";
export { groupedConv } from "./teacher/conv.ts";
export type { ConvParams, ConvAttrs, ConvSaved } from "./teacher/conv.ts";
export { convNormOf, convNormReluOf } from "./teacher/convNorm.ts";
export type {
  ConvNormParams,
  UnitNorm,
  ConvNormAttrs,
  ConvNormSaved,
  ConvNormOp,
  ConvNormReluSaved,
  ConvNormReluOp,
} from "./teacher/convNorm.ts";
export { classifier } from "./teacher/head.ts";
export type { ClassifierParams, ClassifierSaved } from "./teacher/head.ts";
export { timm032, timm10, initialRegnetValues, initialRegnet } from "./teacher/init.ts";
export type { InitRule } from "./teacher/init.ts";
export { blocksOf, stagesOf, mapNorms } from "./teacher/norms.ts";
export type { Blocks, Stages, RegnetNorms } from "./teacher/norms.ts";
export { buildRegnet, regnetShapes, regnetParameterCount } from "./teacher/params.ts";
export type { LeafKind, LeafOf, RegnetTrees, LeafShape } from "./teacher/params.ts";
export { regnetOf, regnetTrain, regnetLogits, regnetPredict } from "./teacher/regnet.ts";
export type { RegnetParams, RegnetInputs, RegnetAttrs, RegnetOut, RegnetSaved } from "./teacher/regnet.ts";
export { regnetBlockOf } from "./teacher/regnetBlock.ts";
export type { RegnetBlockParams, BlockNorms, RegnetBlockAttrs, RegnetBlockSaved, RegnetBlockOp } from "./teacher/regnetBlock.ts";
export { regnetStageOf } from "./teacher/regnetStage.ts";
export type { RegnetStageAttrs, RegnetStageOp } from "./teacher/regnetStage.ts";
export { relu } from "./teacher/relu.ts";
export type { ReluInputs, ReluSaved } from "./teacher/relu.ts";
export { MOMENTUM, runningStatistics, moveRunning } from "./teacher/runningStatistics.ts";
export type { RunningInputs, RunningAttrs } from "./teacher/runningStatistics.ts";
export { sigmoid } from "./teacher/sigmoid.ts";
export type { SigmoidInputs } from "./teacher/sigmoid.ts";
export { squeezeExcite } from "./teacher/squeezeExcite.ts";
export type { SqueezeExciteParams, SqueezeExciteSaved } from "./teacher/squeezeExcite.ts";

// Images, from raw pixels to a network's input
export { bicubicTaps } from "./data/pixels/bicubic.ts";
export type { Taps } from "./data/pixels/bicubic.ts";
export type { Pixels, Size, Region } from "./data/pixels/pixels.ts";
export { conventions, geometryOf, preprocess, normalisedTensor } from "./data/images/preprocess.ts";
export type { Convention, Geometry } from "./data/images/preprocess.ts";
export { resize, resizeRegion } from "./data/pixels/resize.ts";
export { rgbOf } from "./data/images/rgb.ts";
export type { Samples } from "./data/images/rgb.ts";
export type { Normalisation } from "./data/normalise.ts";

// The training step
export type { FiniteCheck } from "./train/optimizer/skippedSteps.ts";
export { averagedLeaf, averagedLeaves, adamwAveraged } from "./train/optimizer/averaged.ts";
export type { AveragedLeaf, AveragedLeafAndGrad, AveragedLeafAttrs } from "./train/optimizer/averaged.ts";
export { adamwLeaf, adamwLeaves, adamw } from "./train/optimizer/adamw.ts";
export type { AdamWAttrs, AdamWLeaf, AdamWLeafAndGrad, AdamWShared, AdamWTrees, Moments, Decays } from "./train/optimizer/adamw.ts";
export { classifierTask } from "./train/step/classifierTask.ts";
export type { ClassifierTaskSettings } from "./train/step/classifierTask.ts";
export { clippedLeaves, globalNorm, clip, normOfLeaves } from "./train/optimizer/clip.ts";
export { cutMixBox, cutMix } from "./train/mixing/cutMix.ts";
export type { Box, BoxRule, BoxSettings, CutBox, CutMixInputs, Span } from "./train/mixing/cutMix.ts";
export { decaysOf } from "./train/optimizer/decay.ts";
export type { DecayRule } from "./train/optimizer/decay.ts";
export { deitAttrs, deitTask } from "./train/step/deitTask.ts";
export type { DeitTaskSettings, NetworkTaskSettings } from "./train/step/deitTask.ts";
export { mixedBatch, smoothedTargets } from "./train/step/mixedBatch.ts";
export type { Smoothing, TargetSettings } from "./train/step/mixedBatch.ts";
export { drawMix, drawMixes } from "./train/mixing/drawMix.ts";
export type { Mix, MixingSettings } from "./train/mixing/drawMix.ts";
export { erase } from "./train/mixing/erase.ts";
export type { EraseInputs } from "./train/mixing/erase.ts";
export type { Erased } from "./data/loader/batch.ts";
export { eachLeaf } from "./train/optimizer/eachLeaf.ts";
export type { ByName, Leaves, LeavesAttrs } from "./train/optimizer/eachLeaf.ts";
export { emaLeaf, emaLeaves, ema, averageOf } from "./train/optimizer/ema.ts";
export type { EmaAttrs, EmaPair, EmaTrees } from "./train/optimizer/ema.ts";
export type { Checkpoint } from "./io/checkpoint/read.ts";
export { keepTraining } from "./train/run/keepTraining.ts";
export type { KeptTraining, ResumableTraining } from "./train/run/keepTraining.ts";
export { initialLossScale, nextLossScale, settled, unscaledLeaf, unscaledLeaves } from "./train/optimizer/lossScale.ts";
export type { AllUnscaled, Gradients, LossScale, LossScaleInputs, Settled, Unscaled } from "./train/optimizer/lossScale.ts";
export { mixup } from "./train/mixing/mixup.ts";
export type { MixupAttrs, MixupInputs } from "./train/mixing/mixup.ts";
export { normalisePixels } from "./train/mixing/normalisePixels.ts";
export type { PixelInputs } from "./train/mixing/normalisePixels.ts";
export { objective } from "./train/step/objective.ts";
export type {
  Student,
  Distillation,
  HardLoss,
  ClassHeadLoss,
  NoDistillation,
  SoftLoss,
  TwoClassTokensLoss,
  Targets,
  LossAndCotangents,
} from "./train/step/objective.ts";
export { initialOptimizerState, optimise } from "./train/optimizer/optimizer.ts";
export type { AdamWOptimizer, SgdOptimizer, Optimizer, OptimizerState, Optimised, Optimisable } from "./train/optimizer/optimizer.ts";
export { learningRate, delayedLearningRate } from "./train/optimizer/schedule.ts";
export type { Schedule } from "./train/optimizer/schedule.ts";
export { sgdLeaf, sgd } from "./train/optimizer/sgd.ts";
export type { SgdAttrs, SgdInputs, SgdLeaf, SgdTrees, SgdUpdated } from "./train/optimizer/sgd.ts";
export { initialState, restoredState } from "./train/run/state.ts";
export type { Model } from "./train/run/state.ts";
export { gradientsOf, sumInOrder, undivided } from "./train/step/gradients.ts";
export type { Division } from "./train/step/gradients.ts";
export { trainStep, updated } from "./train/step/step.ts";
export type { TrainState, StepSettings, Stepped } from "./train/step/step.ts";
export type { Batch, Draws, LossAndGrads, Task } from "./train/step/task.ts";
