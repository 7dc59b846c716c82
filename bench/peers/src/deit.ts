/** What the benchmark uses of this project, as built: the only file here that names its location. */
export {
  abstractEngine,
  buildParams,
  deitAttrs,
  deitConfig,
  deitPredict,
  dropPathMultipliers,
  dropPathRates,
  fold,
  initialOptimizerState,
  keyOf,
  named,
  parameterShapes,
  referenceEngine,
  size,
  trainStep,
} from "../../../dist/index.js";
export type { Engine, Kernels, Shape, Tensor } from "../../../dist/index.js";
export { writeOnnx } from "../../../dist/formats.js";
export { wasmEngine } from "../../../dist/wasm.js";
export { spreadOf, median, type Spread } from "../../../dist/bench/statistics.js";
export { tolerances, type Bound } from "../../../dist/check/tolerance.js";
export { print, printJson, say, showForNow, table } from "../../../dist/cli/output.js";
export { hashed } from "../../../dist/recording/format/hash.js";
export { undivided } from "../../../dist/train/step/gradients.js";
export { mixedBatch } from "../../../dist/train/step/mixedBatch.js";
export { publishedAdamw, publishedSmoothing, publishedTask } from "../../../dist/train/step/publishedTask.js";
