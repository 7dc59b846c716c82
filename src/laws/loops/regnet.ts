/** RegNetY and its parts as loops over numbers (deit.md 8.1), without kernels and ops. */
import type { HostArray, Leaves } from "../../check/host.ts";
import { linear } from "./linear.ts";
import { paired } from "./rows.ts";
import { excited, pooled, rectified } from "./squeezeExcite.ts";
import { batchNormEval, batchNormTrain, convolved } from "./teacher.ts";

/** The array called `name` in a checkpoint. */
export function need(weights: Leaves, name: string): HostArray {
  const found = weights.get(name);
  if (found === undefined) throw new RangeError(`regnet loops: the weights must have ${name}`);
  return found;
}

/** A norm, which finds its parameters by name. */
export type NamedNorm = (x: HostArray, name: string) => HostArray;

const layerOf = (weights: Leaves, name: string): { readonly weight: HostArray; readonly bias: HostArray } => ({
  weight: need(weights, `${name}.weight`),
  bias: need(weights, `${name}.bias`),
});

/** The norm by the running statistics. `weights` is a checkpoint under timm's names. */
export const evalNorm =
  (weights: Leaves, eps: number): NamedNorm =>
  (x, name) => {
    const running = { mean: need(weights, `${name}.running_mean`), variance: need(weights, `${name}.running_var`) };
    return batchNormEval(x, layerOf(weights, name), running, eps);
  };

/** The norm by the statistics of the batch, which it stores in `stats`: `stem.bn.mean`, `stem.bn.variance` (unbiased), and so on. */
export const trainNorm =
  (weights: Leaves, eps: number, stats: Map<string, HostArray>): NamedNorm =>
  (x, name) => {
    const { y, mean, variance } = batchNormTrain(x, layerOf(weights, name), eps);
    stats.set(`${name}.mean`, mean).set(`${name}.variance`, variance);
    return y;
  };

/** The parts of a network; most take images and the name of their weights. */
export interface RegnetParts {
  /** Convolution and norm. */
  readonly unit: (x: HostArray, name: string, stride: number, groups?: number) => HostArray;
  readonly unitRelu: (x: HostArray, name: string, stride: number, groups?: number) => HostArray;
  readonly block: (x: HostArray, name: string, stride: number) => HostArray;
  /** `depth` blocks, of which the first has stride 2. */
  readonly stage: (x: HostArray, name: string, depth: number) => HostArray;
  /** The whole network, with these numbers of blocks in its stages. */
  readonly logits: (images: HostArray, depths: readonly number[]) => HostArray;
  /** The smallest |input| of a ReLU so far: the distance to the nearest kink. */
  readonly margin: () => number;
  /** Whether each ReLU on an image has passed some values and zeroed others. */
  readonly mixed: () => boolean;
}

export function regnetParts(weights: Leaves, norm: NamedNorm, groupWidth: number): RegnetParts {
  let [margin, mixed] = [Infinity, true];
  const near = (x: HostArray): void => {
    for (const v of x.data) margin = Math.min(margin, Math.abs(v));
  };
  const relu = (x: HostArray): HostArray => {
    near(x);
    mixed &&= x.data.some((v) => v > 0) && x.data.some((v) => v < 0);
    return rectified(x);
  };
  const unit: RegnetParts["unit"] = (x, name, stride, groups = 1) => {
    const weight = need(weights, `${name}.conv.weight`);
    const padding = weight.shape[2] === 3 ? 1 : 0;
    return norm(convolved(x, weight, { groups, stride, padding }), `${name}.bn`);
  };
  const unitRelu: RegnetParts["unitRelu"] = (...call) => relu(unit(...call));
  const block: RegnetParts["block"] = (x, name, stride) => {
    const wide = unitRelu(x, `${name}.conv1`, 1);
    const mixed = unitRelu(wide, `${name}.conv2`, stride, (wide.shape[1] ?? 0) / groupWidth);
    const { y: gated, squeezed } = excited(mixed, { fc1: layerOf(weights, `${name}.se.fc1`), fc2: layerOf(weights, `${name}.se.fc2`) });
    near(squeezed);
    const branch = unit(gated, `${name}.conv3`, 1);
    const side = weights.has(`${name}.downsample.conv.weight`) ? unit(x, `${name}.downsample`, stride) : x;
    return relu(paired(branch, side, (a, b) => a + b));
  };
  const stage: RegnetParts["stage"] = (x, name, depth) => {
    let y = x;
    for (let j = 1; j <= depth; j++) y = block(y, `${name}.b${j}`, j === 1 ? 2 : 1);
    return y;
  };
  const logits: RegnetParts["logits"] = (images, depths) => {
    let x = unitRelu(images, "stem", 2);
    for (const [s, depth] of depths.entries()) x = stage(x, `s${s + 1}`, depth);
    return linear(pooled(x), layerOf(weights, "head.fc"));
  };
  return { unit, unitRelu, block, stage, logits, margin: () => margin, mixed: () => mixed };
}

export interface RegnetSizes {
  /** The number of blocks of each stage. */
  readonly depths: readonly number[];
  /** Channels of a group of conv2. */
  readonly groupWidth: number;
  readonly eps: number;
}

export interface RegnetByLoops {
  readonly logits: HostArray;
  /** As in `RegnetParts`. */
  readonly margin: number;
}

function network(weights: Leaves, images: HostArray, { depths, groupWidth }: RegnetSizes, norm: NamedNorm): RegnetByLoops {
  const parts = regnetParts(weights, norm, groupWidth);
  return { logits: parts.logits(images, depths), margin: parts.margin() };
}

/** Evaluation: norms by the running statistics. */
export const regnetEval = (weights: Leaves, images: HostArray, sizes: RegnetSizes): RegnetByLoops =>
  network(weights, images, sizes, evalNorm(weights, sizes.eps));

/** Training: norms by the statistics of the batch, which are returned under the names of `trainNorm`. */
export function regnetTrain(weights: Leaves, images: HostArray, sizes: RegnetSizes): RegnetByLoops & { readonly stats: Leaves } {
  const stats = new Map<string, HostArray>();
  return { ...network(weights, images, sizes, trainNorm(weights, sizes.eps, stats)), stats };
}
