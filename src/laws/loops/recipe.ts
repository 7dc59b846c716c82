/**
 * The recipe by loops over single numbers.
 *
 *   (E30)  r_i = r_max · i/(L − 1);  L = 1: r_0 = 0
 *   (E31)  multiplier: 0 where the sample's uniform draw is below r, else 1/(1 − r)
 *   (E32)  f(t) = η₀ + t(η − η₀)/W for t < W;  η_min + ½(η − η_min)(1 + cos(π t/E)) for W ≤ t < E;  η_min for t ≥ E
 *   (E35)  θ ← θ(1 − η wd);  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  θ ← θ − (η/(1−β₁ᵏ)) m/(√v/√(1−β₂ᵏ) + eps)
 *   (E36)  g ← g + wd·θ;  b ← g at the first step, else μb + g;  θ ← θ − η(g + μb), or θ − ηb without Nesterov
 *   (E37)  ē ← d·ē + (1 − d)·θ
 */
import type { HostArray } from "../../check/host.ts";
import { fold, uniformAt, type Key } from "../../tensor/key.ts";
import type { AdamWAttrs } from "../../train/optimizer/adamw.ts";
import type { Schedule } from "../../train/optimizer/schedule.ts";
import type { SgdAttrs } from "../../train/optimizer/sgd.ts";
import { sum, tabulate } from "./matrix.ts";

/** (E30) */
export const dropPathRate = (rMax: number, L: number, i: number): number => (L === 1 ? 0 : (rMax * i) / (L - 1));

/** (E31): draw b of the branch's own key, `blocks.i.attn` or `blocks.i.mlp`. */
export const multiplier = (key: Key, branch: string, rate: number, B: number): HostArray =>
  tabulate([B], (b) => (uniformAt(fold(key, branch), b) < rate ? 0 : 1 / (1 - rate)));

/** (E32) */
export function learningRate({ base, min, warmup, warmupEpochs: W, epochs: E }: Schedule, t: number): number {
  if (t >= E && t >= W) return min;
  return t < W ? warmup + (t * (base - warmup)) / W : min + ((base - min) * (1 + Math.cos((Math.PI * t) / E))) / 2;
}

/** An array of the shape of `like`, filled by flat index. */
const each = ({ shape, data }: HostArray, f: (i: number) => number): HostArray => ({ shape, data: data.map((_, i) => f(i)) });

/** The number at a flat index. */
const flat = ({ data }: HostArray, i: number): number => data[i] ?? NaN;

export interface AdamWState {
  readonly theta: HostArray;
  readonly m: HostArray;
  readonly v: HostArray;
}

/** (E35) */
export function adamw({ theta, m, v }: AdamWState, grad: HostArray, attrs: AdamWAttrs): AdamWState {
  const { lr, beta1, beta2, eps, weightDecay, step } = attrs;
  const nextM = each(m, (i) => beta1 * flat(m, i) + (1 - beta1) * flat(grad, i));
  const nextV = each(v, (i) => beta2 * flat(v, i) + (1 - beta2) * flat(grad, i) ** 2);
  const move = (i: number): number =>
    ((lr / (1 - beta1 ** step)) * flat(nextM, i)) / (Math.sqrt(flat(nextV, i)) / Math.sqrt(1 - beta2 ** step) + eps);
  return { theta: each(theta, (i) => flat(theta, i) * (1 - lr * weightDecay) - move(i)), m: nextM, v: nextV };
}

/** (E36); b is null before the first step. */
export function sgd(
  { theta, buffer }: { readonly theta: HostArray; readonly buffer: HostArray | null },
  grad: HostArray,
  { lr, momentum, nesterov, weightDecay }: SgdAttrs,
): { readonly theta: HostArray; readonly buffer: HostArray } {
  const g = each(theta, (i) => flat(grad, i) + weightDecay * flat(theta, i));
  const b = buffer === null ? g : each(theta, (i) => momentum * flat(buffer, i) + flat(g, i));
  const move = (i: number): number => lr * (nesterov ? flat(g, i) + momentum * flat(b, i) : flat(b, i));
  return { theta: each(theta, (i) => flat(theta, i) - move(i)), buffer: b };
}

/** (E37) */
export const ema = (average: HostArray, theta: HostArray, decay: number): HostArray =>
  each(average, (i) => decay * flat(average, i) + (1 - decay) * flat(theta, i));

/** Σ of all squares, for the norm of a whole gradient. */
export const squares = (arrays: Iterable<HostArray>): number =>
  [...arrays].reduce((total, { data }) => total + sum(data.length, (i) => (data[i] ?? NaN) ** 2), 0);

/** ḡ · c/max(c, ‖ḡ‖) */
export const clipped = (grad: HostArray, norm: number, limit: number): HostArray =>
  each(grad, (i) => (norm > limit ? (flat(grad, i) * limit) / norm : flat(grad, i)));

export interface LossScaleState {
  readonly S: number;
  /** Steps since S changed or a step overflowed. */
  readonly n: number;
  /** Skipped steps. */
  readonly s: number;
}

/** The scale of the next loss: halved by an overflow, doubled by the 2000th consecutive step without one, between 2⁻¹⁴ and 2²⁴. */
export function lossScale({ S, n, s }: LossScaleState, overflow: boolean): LossScaleState {
  if (overflow) return { S: Math.max(S / 2, 2 ** -14), n: 0, s: Math.min(s + 1, 64) };
  return n + 1 < 2000 ? { S, n: n + 1, s } : { S: Math.min(2 * S, 2 ** 24), n: 0, s };
}
