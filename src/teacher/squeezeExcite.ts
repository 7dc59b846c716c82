/**
 * Squeeze-and-excitation (Hu et al. 2018): each channel is scaled by a gate that depends on the means of all channels.
 *
 *          m = mean_HW(x)      u = W₂ relu(W₁ m + b₁) + b₂      g = sigmoid(u)      y = x·g
 *
 *   (G21)  ḡ = Σ_HW ȳ ⊙ x      ū = ḡ g(1 − g)      back through the two 1×1 layers to m̄      x̄ = ȳ g + m̄/(HW)
 *
 * On one mean per channel, a 1×1 convolution is a linear layer; the checkpoint stores its weight with two more axes of length 1.
 */
import type { Kernels } from "../kernels/kernels.ts";
import { linear, type LinearParams, type LinearSaved } from "../ops/linear.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import { parts } from "../ops/parts.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { averagePool, type AveragePoolSaved } from "./averagePool.ts";
import { pixels } from "./pixels.ts";
import { relu, type ReluSaved } from "./relu.ts";
import { sigmoid, type SigmoidInputs } from "./sigmoid.ts";

/** The two layers that compute the gate. */
export interface SqueezeExciteParams {
  /** W₁, [S, C, 1, 1] and b₁, [S]: C channels squeezed to S. */
  readonly fc1: LinearParams;
  /** W₂, [C, S, 1, 1] and b₂, [C]. */
  readonly fc2: LinearParams;
}

/** What the VJP of `squeezeExcite` reads. */
export interface SqueezeExciteSaved {
  /** [B, C, H, W] */
  readonly x: Tensor;
  /** g, [B, C]. */
  readonly g: Tensor;
  /** Saved by the mean over the image. */
  readonly mean: AveragePoolSaved;
  /** Saved by the first layer. */
  readonly fc1: LinearSaved;
  /** Saved by the ReLU. */
  readonly act: ReluSaved;
  /** Saved by the second layer. */
  readonly fc2: LinearSaved;
  /** Saved by the sigmoid. */
  readonly gate: SigmoidInputs;
}

const part = parts({ mean: averagePool, fc1: linear, act: relu, fc2: linear, gate: sigmoid });

/** [O, I, 1, 1] → [O, I] */
const flat = (k: Kernels, { weight, bias }: LinearParams): LinearParams => ({
  weight: k.reshape(weight, weight.shape.slice(0, 2)),
  bias,
});

/** [O, I] → [O, I, 1, 1] */
const stored = (k: Kernels, { weight, bias }: LinearParams): LinearParams => ({ weight: k.reshape(weight, [...weight.shape, 1, 1]), bias });

/** x·g: one factor per channel. */
const scaled = (k: Kernels, x: Tensor, g: Tensor): Tensor => k.reshape(k.mul(pixels(k, x), k.reshape(g, [...g.shape, 1])), x.shape);

function forward(k: Kernels, { x, params }: Layer<SqueezeExciteParams>): Result<Tensor, SqueezeExciteSaved> {
  const m = part.mean.forward(k, { x });
  const squeezed = part.fc1.forward(k, { x: m.out, params: flat(k, params.fc1) });
  const active = part.act.forward(k, { x: squeezed.out });
  const u = part.fc2.forward(k, { x: active.out, params: flat(k, params.fc2) });
  const g = part.gate.forward(k, { u: u.out });
  const saved = { x, g: g.out, mean: m.saved, fc1: squeezed.saved, act: active.saved, fc2: u.saved, gate: g.saved };
  return { out: scaled(k, x, g.out), saved };
}

function vjp(k: Kernels, saved: SqueezeExciteSaved, dy: Tensor): Grads<Layer<SqueezeExciteParams>> {
  const { x, g } = saved;
  const dg = k.reshape(k.sumLast(k.mul(pixels(k, dy), pixels(k, x))), g.shape); //   (G21) ḡ
  const dGate = part.gate.vjp(k, saved.gate, dg); //                                      (G21) ū
  const dFc2 = part.fc2.vjp(k, saved.fc2, dGate.u);
  const dAct = part.act.vjp(k, saved.act, dFc2.x);
  const dFc1 = part.fc1.vjp(k, saved.fc1, dAct.x);
  const dMean = part.mean.vjp(k, saved.mean, dFc1.x);
  const dx = k.add(scaled(k, dy, g), dMean.x); //                                    (G21) x is used twice
  return { x: dx, params: { fc1: stored(k, dFc1.params), fc2: stored(k, dFc2.params) } };
}

/** [B, C, H, W] → [B, C, H, W] */
export const squeezeExcite: Op<Layer<SqueezeExciteParams>, SqueezeExciteSaved> = defineOp({
  name: "squeezeExcite",
  shapes: {
    inputs: { x: "B C H W", params: { fc1: { weight: "S C 1 1", bias: "S" }, fc2: { weight: "C S 1 1", bias: "C" } } },
    saved: { x: "B C H W", g: "B C" },
    out: "B C H W",
  },
  forward,
  vjp,
});
