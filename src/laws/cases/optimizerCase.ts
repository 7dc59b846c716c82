/** A small tree of parameters, whose names decide about weight decay, and the step of each optimiser on the whole tree by loops. */
import type { Draw } from "../../check/draw.ts";
import { leavesOf, mapHost, type Host, type HostArray } from "../../check/host.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { MOST_SKIPPED } from "../../train/optimizer/skippedSteps.ts";
import type { AdamWAttrs } from "../../train/optimizer/adamw.ts";
import type { DecayRule } from "../../train/optimizer/decay.ts";
import type { LossScale } from "../../train/optimizer/lossScale.ts";
import type { SgdAttrs } from "../../train/optimizer/sgd.ts";
import { tabulate } from "../loops/matrix.ts";
import { adamw, ema, sgd, type AdamWState, type LossScaleState } from "../loops/recipe.ts";

export interface Params {
  readonly cls_token: Tensor;
  readonly pos_embed: Tensor;
  readonly dist_token: Tensor;
  readonly patch_embed: { readonly proj: { readonly weight: Tensor; readonly bias: Tensor } };
  readonly blocks: readonly { readonly norm1: { readonly weight: Tensor }; readonly attn: { readonly qkv: { readonly weight: Tensor } } }[];
  readonly head: { readonly weight: Tensor; readonly bias: Tensor };
}

/** The names that decay (deit.md 7.4): matrices and kernels; the distillation token in the authors' code only. */
const DECAYED: { readonly [R in DecayRule]: readonly string[] } = {
  deit: ["dist_token", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "head.weight"],
  timm: ["patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "head.weight"],
};

const zeros = (...shape: Shape): HostArray => tabulate(shape, () => 0);

/** All zeros. */
export const blank: Host<Params> = {
  cls_token: zeros(1, 1, 3),
  pos_embed: zeros(1, 2, 3),
  dist_token: zeros(1, 1, 3),
  patch_embed: { proj: { weight: zeros(3, 1, 2, 2), bias: zeros(3) } },
  blocks: [{ norm1: { weight: zeros(3) }, attn: { qkv: { weight: zeros(9, 3) } } }],
  head: { weight: zeros(4, 3), bias: zeros(4) },
};

/** A tree of normal draws. */
export const drawTree = (draw: Draw): Host<Params> => mapHost(blank, ({ shape }) => draw.array(shape));

/** A tree of squared normal draws, for second moments. */
export const drawSquares = (draw: Draw): Host<Params> =>
  mapHost(drawTree(draw), ({ shape, data }) => ({ shape, data: data.map((x) => draw.round(x * x)) }));

/** The arrays of several trees that have the same name. */
function together(...trees: readonly unknown[]): (name: string) => readonly HostArray[] {
  const leaves = trees.map((tree) => leavesOf(tree));
  return (name) => leaves.map((arrays) => arrays.get(name) ?? zeros(0));
}

export interface AdamWTrees {
  readonly params: Host<Params>;
  readonly m: Host<Params>;
  readonly v: Host<Params>;
}

/** (E35) on all parameters. */
export function adamwTrees({ params, m, v }: AdamWTrees, grads: Host<Params>, attrs: AdamWAttrs, rule: DecayRule): AdamWTrees {
  const leaves = together(m, v, grads);
  const pick = (key: keyof AdamWState): Host<Params> =>
    mapHost(params, (theta, name) => {
      const [mOf = theta, vOf = theta, grad = theta] = leaves(name);
      const weightDecay = DECAYED[rule].includes(name) ? attrs.weightDecay : 0;
      return adamw({ theta, m: mOf, v: vOf }, grad, { ...attrs, weightDecay })[key];
    });
  return { params: pick("theta"), m: pick("m"), v: pick("v") };
}

export interface SgdTrees {
  readonly params: Host<Params>;
  readonly buffer: Host<Params> | null;
}

/** (E36) on all parameters. */
export function sgdTrees({ params, buffer }: SgdTrees, grads: Host<Params>, attrs: SgdAttrs, rule: DecayRule): SgdTrees {
  const leaves = together(grads, buffer);
  const pick = (key: "theta" | "buffer"): Host<Params> =>
    mapHost(params, (theta, name) => {
      const [grad = theta, b = theta] = leaves(name);
      const weightDecay = DECAYED[rule].includes(name) ? attrs.weightDecay : 0;
      return sgd({ theta, buffer: buffer === null ? null : b }, grad, { ...attrs, weightDecay })[key];
    });
  return { params: pick("theta"), buffer: pick("buffer") };
}

/** (E37) on all parameters. */
export function emaTrees(average: Host<Params>, params: Host<Params>, decay: number): Host<Params> {
  const leaves = together(params);
  return mapHost(average, (old, name) => ema(old, leaves(name)[0] ?? old, decay));
}

/** η, β₁, β₂, eps and wd so large that each of them matters, and k. */
export const drawAdamW = (draw: Draw, step: number): AdamWAttrs => ({
  lr: draw.real(0.01, 0.2),
  beta1: draw.real(0.6, 0.95),
  beta2: draw.real(0.7, 0.99),
  eps: draw.real(0.01, 0.3),
  weightDecay: draw.real(0.1, 0.6),
  step,
});

/** η, μ and wd so large that each of them matters, with and without Nesterov. */
export const drawSgd = (draw: Draw): SgdAttrs => ({
  lr: draw.real(0.01, 0.2),
  momentum: draw.real(0.3, 0.95),
  nesterov: draw.oneOf([true, false]),
  weightDecay: draw.real(0.1, 0.6),
});

export const NON_FINITE: readonly [number, number, number] = [NaN, Infinity, -Infinity];

/** S, n and s before the step `step`; most of them at the bounds or in the last step before S grows. */
export function drawLossScale(draw: Draw, step: number): LossScaleState {
  const exponent = draw.oneOf([-14, -13, 23, 24, draw.integer(-14, 24)]);
  const most = Math.min(step - 1, MOST_SKIPPED);
  const s = draw.oneOf([0, most, Math.max(0, most - 1), draw.integer(0, most)]);
  return { S: 2 ** exponent, n: draw.oneOf([1998, 1999, draw.integer(0, 1999)]), s };
}

export const scaleArrays = ({ S, n, s }: LossScaleState): Host<LossScale> => ({
  scale: tabulate([], () => S),
  clean: tabulate([], () => n),
  skipped: tabulate([], () => s),
});
