/** A whole RegNetY as loops over numbers (deit.md 8.1). No kernel and no op is used here. */
import type { HostArray, Leaves } from "../../check/host.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { excited, pooled, rectified } from "./squeezeExcite.ts";
import { batchNormEval, batchNormTrain, convolved } from "./teacher.ts";

export interface RegnetSizes {
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Channels of a group of conv2. */
  readonly groupWidth: number;
  readonly eps: number;
}

export interface RegnetByLoops {
  readonly logits: HostArray;
  /** The smallest |input| of all ReLUs: how far the nearest kink is. */
  readonly margin: number;
}

/** The array of a checkpoint that is called `name`. */
function need(weights: Leaves, name: string): HostArray {
  const found = weights.get(name);
  if (found === undefined) throw new RangeError(`regnet loops: no weight ${name}`);
  return found;
}

/** Images → logits, with a norm given by the name of its parameters. */
function network(
  weights: Leaves,
  images: HostArray,
  { depths, groupWidth }: RegnetSizes,
  norm: (x: HostArray, name: string) => HostArray,
): RegnetByLoops {
  let margin = Infinity;
  const near = (x: HostArray): void => {
    for (const v of x.data) margin = Math.min(margin, Math.abs(v));
  };
  const relu = (x: HostArray): HostArray => {
    near(x);
    return rectified(x);
  };
  const unit = (x: HostArray, name: string, stride: number, groups = 1): HostArray => {
    const weight = need(weights, `${name}.conv.weight`);
    const padding = weight.shape[2] === 3 ? 1 : 0;
    return norm(convolved(x, weight, { groups, stride, padding }), `${name}.bn`);
  };
  const layer = (name: string): { readonly weight: HostArray; readonly bias: HostArray } => ({
    weight: need(weights, `${name}.weight`),
    bias: need(weights, `${name}.bias`),
  });
  const block = (x: HostArray, name: string, stride: number): HostArray => {
    const wide = relu(unit(x, `${name}.conv1`, 1));
    const groups = (wide.shape[1] ?? 0) / groupWidth;
    const mixed = relu(unit(wide, `${name}.conv2`, stride, groups));
    const { y: gated, squeezed } = excited(mixed, { fc1: layer(`${name}.se.fc1`), fc2: layer(`${name}.se.fc2`) });
    near(squeezed);
    const branch = unit(gated, `${name}.conv3`, 1);
    const side = weights.has(`${name}.downsample.conv.weight`) ? unit(x, `${name}.downsample`, stride) : x;
    return relu(tabulate(branch.shape, (b = 0, c = 0, i = 0, j = 0) => at(branch, b, c, i, j) + at(side, b, c, i, j)));
  };

  let x = relu(unit(images, "stem", 2));
  for (const [s, depth] of depths.entries()) for (let j = 1; j <= depth; j++) x = block(x, `s${s + 1}.b${j}`, j === 1 ? 2 : 1);
  const m = pooled(x);
  const { weight, bias } = layer("head.fc");
  const [B = 0, C = 0] = m.shape;
  const logits = tabulate([B, bias.shape[0] ?? 0], (b = 0, o = 0) => sum(C, (c) => at(weight, o, c) * at(m, b, c)) + at(bias, o));
  return { logits, margin };
}

/** Evaluation: norms by the running statistics. `weights` is a checkpoint under timm's names. */
export function regnetEval(weights: Leaves, images: HostArray, sizes: RegnetSizes): RegnetByLoops {
  return network(weights, images, sizes, (x, name) => {
    const of = (leaf: string): HostArray => need(weights, `${name}.${leaf}`);
    return batchNormEval(
      x,
      { weight: of("weight"), bias: of("bias") },
      { mean: of("running_mean"), variance: of("running_var") },
      sizes.eps,
    );
  });
}

/** Training: norms by the statistics of the batch, which come out as `stem.bn.mean` and `stem.bn.variance` (unbiased), and so on. */
export function regnetTrain(weights: Leaves, images: HostArray, sizes: RegnetSizes): RegnetByLoops & { readonly stats: Leaves } {
  const stats = new Map<string, HostArray>();
  const result = network(weights, images, sizes, (x, name) => {
    const params = { weight: need(weights, `${name}.weight`), bias: need(weights, `${name}.bias`) };
    const { y, mean, variance } = batchNormTrain(x, params, sizes.eps);
    stats.set(`${name}.mean`, mean).set(`${name}.variance`, variance);
    return y;
  });
  return { ...result, stats };
}
