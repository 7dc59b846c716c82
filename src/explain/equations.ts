/** Maps each numbered equation and gradient of docs/deit.md to the functions that compute it. sourceIndex.mjs finds their lines. */

/** One numbered formula. */
export interface Equation {
  /** The op or routine that computes it: its forward, and its vjp if it has one. */
  readonly op?: string;
  /** The function that computes it, as `file name` under src: where no op does, or where it does not begin with the op's forward. */
  readonly by?: string;
  /** The independent computation by plain loops that the row compares with, as `file name` under src. */
  readonly oracle: string;
  /** What an engine runs for it, as `deit explain` takes an op; null: it is computed by the host alone. */
  readonly call: string | null;
}

/** (E1) to (E15), (E34): the network. */
const network: Readonly<Record<string, Equation>> = {
  E1: { op: "patchEmbed", oracle: "laws/loops/embedding.ts patchEmbed", call: "patchEmbed" },
  E2: { op: "embed", oracle: "laws/loops/embedding.ts embed", call: "embed" },
  E3: { op: "embed", oracle: "laws/loops/embedding.ts embed", call: "embed 1x196x192 2" },
  E4: { op: "layerNorm", oracle: "laws/loops/norm.ts layerNorm", call: "layerNorm" },
  E5: { op: "selfAttention", oracle: "laws/loops/linear.ts linear", call: "linear 1x197x192 576" },
  E6: { op: "splitHeads", oracle: "laws/loops/selfAttention.ts splitHeads", call: "splitHeads" },
  E7: { op: "attention", oracle: "laws/loops/attention.ts attention", call: "attention" },
  E8: { op: "selfAttention", oracle: "laws/loops/selfAttention.ts selfAttention", call: "selfAttention" },
  E9: { op: "gelu", oracle: "laws/loops/feedForward.ts gelu", call: "gelu" },
  E10: { op: "mlp", oracle: "laws/loops/feedForward.ts mlp", call: "mlp" },
  E11: { op: "block", oracle: "laws/loops/block.ts block", call: "block" },
  E12: { op: "block", oracle: "laws/loops/block.ts block", call: "block" },
  E13: { op: "deitLogits", by: "model/deit.ts backboneForward", oracle: "laws/loops/network.ts deit", call: "layerNorm" },
  E14: { op: "classifierHeads", oracle: "laws/loops/network.ts heads", call: "classifierHeads" },
  E15: { op: "classifierHeads", oracle: "laws/loops/network.ts heads", call: "classifierHeads 1x198x192 1000 2" },
  E34: { by: "ops/position.ts sineCosine", oracle: "laws/loops/embedding.ts sineCosine", call: null },
};

/** (E16) to (E27): resized positions, losses, fusion. */
const losses: Readonly<Record<string, Equation>> = {
  E16: { by: "ops/positionResize.ts interpolatedRow", oracle: "laws/loops/positions.ts phase", call: null },
  E17: {
    op: "positionResize",
    by: "ops/positionResize.ts rowDeit",
    oracle: "laws/loops/positions.ts resizeMatrix",
    call: "positionResize",
  },
  E18: { op: "logSoftmax", oracle: "laws/loops/softmax.ts logSoftmax", call: "logSoftmax" },
  E19: { op: "crossEntropy", oracle: "laws/loops/losses.ts crossEntropy", call: "crossEntropy" },
  E20: { by: "losses/labelSmoothing.ts smoothOverAll", oracle: "laws/loops/losses.ts smoothOverAll", call: "smoothOverAll" },
  E21: { by: "losses/labelSmoothing.ts smoothOverOthers", oracle: "laws/loops/losses.ts smoothOverOthers", call: "smoothOverOthers" },
  E22: { op: "softDistillation", oracle: "laws/loops/losses.ts softDistillation", call: "softDistillation" },
  E23: { op: "divergence", oracle: "laws/loops/losses.ts divergence", call: "divergence" },
  E24: { op: "divergence", oracle: "laws/loops/losses.ts divergence", call: "divergence" },
  E25: { by: "losses/hardDistillation.ts teacherDecision", oracle: "laws/loops/losses.ts decision", call: "teacherDecision" },
  E26: { op: "hardDistillation", oracle: "laws/loops/losses.ts hardDistillation", call: "hardDistillation" },
  E27: { op: "sumOfSoftmax", oracle: "laws/loops/losses.ts argmaxes", call: "sumOfSoftmax" },
};

/** (E28) to (E39): sizes, recipe, optimisers, mixing. */
const training: Readonly<Record<string, Equation>> = {
  E28: { by: "model/params.ts parameterCount", oracle: "laws/loops/counts.ts parameterCount", call: null },
  E29: { by: "engines/abstract/engine.ts abstractEngine", oracle: "laws/loops/counts.ts macs", call: null },
  E30: { by: "ops/dropPath.ts dropPathRates", oracle: "laws/loops/recipe.ts dropPathRate", call: null },
  E31: { by: "ops/dropPath.ts dropPathMultipliers", oracle: "laws/loops/recipe.ts multiplier", call: "dropPathMultipliers" },
  E32: { by: "train/optimizer/schedule.ts learningRate", oracle: "laws/loops/recipe.ts learningRate", call: null },
  E33: { op: "mixup", oracle: "laws/loops/mixing.ts mixup", call: "mixup 2x1000" },
  E35: { op: "adamw", oracle: "laws/loops/recipe.ts adamw", call: "adamw" },
  E36: { op: "sgd", oracle: "laws/loops/recipe.ts sgd", call: "sgd" },
  E37: { op: "ema", oracle: "laws/loops/recipe.ts ema", call: "ema" },
  E38: { op: "mixup", oracle: "laws/loops/mixing.ts mixup", call: "mixup" },
  E39: { op: "cutMix", oracle: "laws/loops/mixing.ts cutMix", call: "cutMix" },
};

/** (G1) to (G22): each is the vjp of its op. */
const gradients: Readonly<Record<string, Equation>> = {
  G1: { op: "linear", oracle: "laws/loops/linear.ts linearVjp", call: "linear" },
  G2: { op: "softmax", oracle: "laws/loops/softmax.ts softmaxVjp", call: "softmax" },
  G3: { op: "logSoftmax", oracle: "laws/loops/lossVjps.ts logSoftmaxVjp", call: "logSoftmax" },
  G4: { op: "crossEntropy", oracle: "laws/loops/lossVjps.ts crossEntropyVjp", call: "crossEntropy" },
  G5: { op: "crossEntropy", oracle: "laws/loops/lossVjps.ts crossEntropyVjp", call: "crossEntropy" },
  G6: { op: "divergence", oracle: "laws/loops/lossVjps.ts divergenceVjp", call: "divergence" },
  G7: { op: "reverseDivergence", oracle: "laws/loops/lossVjps.ts reverseDivergenceVjp", call: "reverseDivergence" },
  G8: { op: "hardDistillation", oracle: "laws/loops/lossVjps.ts crossEntropyVjp", call: "hardDistillation" },
  G9: { op: "meanOfLogits", oracle: "laws/rows/lossGradients.ts fusionClaims", call: "meanOfLogits" },
  G10: { op: "layerNorm", oracle: "laws/loops/norm.ts layerNormVjp", call: "layerNorm" },
  G11: { op: "gelu", oracle: "laws/loops/feedForward.ts geluVjp", call: "gelu" },
  G12: { op: "attention", oracle: "laws/loops/attention.ts attentionVjp", call: "attention" },
  G13: { op: "selfAttention", oracle: "laws/loops/selfAttention.ts selfAttentionVjp", call: "selfAttention" },
  G14: { op: "residual", oracle: "laws/loops/block.ts perSample", call: "residual" },
  G15: { op: "dropout", oracle: "laws/loops/rows.ts masked", call: "dropout" },
  G16: { op: "embed", oracle: "laws/loops/embedding.ts embedVjp", call: "embed 1x196x192 2" },
  G17: { op: "classifierHeads", oracle: "laws/loops/network.ts headsVjp", call: "classifierHeads 1x198x192 1000 2" },
  G18: { op: "patchEmbed", oracle: "laws/loops/embedding.ts patchEmbedVjp", call: "patchEmbed" },
  G19: { op: "positionResize", oracle: "laws/loops/positions.ts positionResizeVjp", call: "positionResize" },
  G20: { op: "batchNorm", oracle: "laws/loops/teacher.ts batchNormTrainGrads", call: "batchNorm" },
  G21: { op: "squeezeExcite", oracle: "laws/loops/squeezeExcite.ts excitedVjp", call: "squeezeExcite" },
  G22: { op: "groupedConv", oracle: "laws/loops/teacher.ts convWeightGrad", call: "groupedConv" },
};

const numberOf = (id: string): number => Number(id.slice(1));

/** By number: E1 … E39, then G1 … G22. */
export const equations: ReadonlyMap<string, Equation> = new Map(
  [{ ...network, ...losses, ...training }, gradients].flatMap((table) =>
    Object.entries(table).toSorted(([a], [b]) => numberOf(a) - numberOf(b)),
  ),
);
