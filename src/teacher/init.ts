/**
 * Initial values of RegNetY (deit.md 8.1). Two versions of timm differ; the default is 0.3.2, which DeiT's authors used.
 *
 *   convolutions, also 1×1   N(0, 2/fan-out), fan-out = O·k²       timm 1.0: O·k²/groups
 *   squeeze-excite biases    uniform on ±1/√I for I inputs         timm 1.0: 0
 *   batch norm γ, β          1, 0; but γ = 0 for the last norm of each block, so that the block begins as its shortcut
 *   running mean, variance   0, 1, after 0 batches
 *   classifier               N(0, 0.01²), bias 0
 */
import type { Kernels } from "../kernels/kernels.ts";
import { fold, normalAt, uniform53At, type Key } from "../tensor/key.ts";
import { axis, size, type Shape } from "../tensor/tensor.ts";
import type { RegnetConfig } from "./config.ts";
import { buildRegnet, regnetShapes, type RegnetTrees } from "./params.ts";

const CLASSIFIER_DEVIATION = 0.01;

/** The choices in which the two versions differ. */
export interface InitRule {
  /** Whether the fan-out of a grouped convolution is that of one group. */
  readonly fanOutOfGroup: boolean;
  /** Whether the biases of squeeze-excite are drawn at random; otherwise they are 0. */
  readonly drawnBiases: boolean;
}

/** timm 0.3.2, which DeiT's authors used. */
export const timm032: InitRule = { fanOutOfGroup: false, drawnBiases: true };
/** timm 1.0. */
export const timm10: InitRule = { fanOutOfGroup: true, drawnBiases: false };

/** Groups of a convolution: only conv2 of a block has more than one. */
const groupsOf = (name: string, [O = 0]: Shape, { groupWidth }: RegnetConfig): number =>
  name.endsWith(".conv2.conv.weight") ? O / groupWidth : 1;

/** I of the layer whose bias is called `name`. */
const inputsOf = (name: string, config: RegnetConfig): number =>
  axis(regnetShapes(config).get(name.replace(/bias$/, "weight"))?.shape ?? [], 1);

/** The initial values of one parameter or buffer, drawn from a key derived from its name. */
export function initialRegnetValues(config: RegnetConfig, key: Key, name: string, shape: Shape, rule: InitRule = timm032): Float64Array {
  const own = fold(key, name);
  const values = new Float64Array(size(shape));
  const normal = (deviation: number): Float64Array => {
    for (let i = 0; i < values.length; i++) values[i] = deviation * normalAt(own, i);
    return values;
  };

  if (name === "head.fc.weight") return normal(CLASSIFIER_DEVIATION);
  if (name.endsWith("conv3.bn.weight")) return values;
  if (name.endsWith("bn.weight") || name.endsWith("running_var")) return values.fill(1);
  if (name.endsWith(".weight")) {
    const [O = 0, , side = 0] = shape;
    return normal(Math.sqrt(2 / ((O * side ** 2) / (rule.fanOutOfGroup ? groupsOf(name, shape, config) : 1))));
  }
  if (rule.drawnBiases && /\.se\.fc\d\.bias$/.test(name)) {
    const limit = 1 / Math.sqrt(inputsOf(name, config));
    for (let i = 0; i < values.length; i++) values[i] = limit * (2 * uniform53At(own, i) - 1);
  }
  return values;
}

/** Freshly drawn parameters and buffers to train from. */
export const initialRegnet = (k: Kernels, config: RegnetConfig, key: Key, rule: InitRule = timm032): RegnetTrees =>
  buildRegnet(config, (name, shape) => k.upload(shape, initialRegnetValues(config, key, name, shape, rule)));
