/** Errors in the ops that compute. */
import type { Kernels } from "../../../src/kernels/kernels.ts";
import { attention, mix, scores, type AttentionSaved } from "../../../src/ops/attention.ts";
import { dropout, dropoutAt, type DropoutSaved } from "../../../src/ops/dropout.ts";
import { gelu } from "../../../src/ops/gelu.ts";
import { layerNorm } from "../../../src/ops/layerNorm.ts";
import { linear } from "../../../src/ops/linear.ts";
import { logSoftmax } from "../../../src/ops/logSoftmax.ts";
import { residual } from "../../../src/ops/residual.ts";
import type { Result } from "../../../src/ops/op.ts";
import { softmax, type SoftmaxSaved } from "../../../src/ops/softmax.ts";
import { axis, size, type Tensor } from "../../../src/tensor/tensor.ts";
import { planted, right, type PlantedError } from "../../helpers/planted.ts";
import { along, recomputed, share, tiled } from "../../helpers/tiledAttention.ts";

const linearErrors: readonly PlantedError[] = [
  planted(linear, "its bias left out", {
    forward: (k, { x, params: { weight } }) => ({ out: k.matmul(x, weight, { tb: true }), saved: { x, weight } }),
  }),
  planted(linear, "b̄ averaged over the rows", {
    vjp(k, saved, dy) {
      const { x, params } = right(linear).vjp(k, saved, dy);
      const rows = size(dy.shape.slice(0, -1));
      return { x, params: { weight: params.weight, bias: k.scale(params.bias, 1 / rows) } };
    },
  }),
  planted(linear, "the sign of W̄ flipped", {
    vjp(k, saved, dy) {
      const { x, params } = right(linear).vjp(k, saved, dy);
      return { x, params: { weight: k.scale(params.weight, -1), bias: params.bias } };
    },
  }),
];

const layerNormErrors: readonly PlantedError[] = [
  planted(layerNorm, "ε outside the root", {
    forward(k, { x, params: { weight: gamma, bias: beta } }, { eps }) {
      const centred = k.sub(x, k.meanLast(x));
      const variance = k.meanLast(k.square(centred));
      const deviation = k.addScalar(k.sqrt(variance), eps);
      const [xHat, rstd] = [k.div(centred, deviation), k.rsqrt(k.square(deviation))];
      return { out: k.add(k.mul(xHat, gamma), beta), saved: { xHat, rstd, gamma } };
    },
  }),
  planted(layerNorm, "the variance over D − 1", {
    forward(k, { x, params: { weight: gamma, bias: beta } }, { eps }) {
      const D = axis(x.shape, -1);
      const centred = k.sub(x, k.meanLast(x));
      const variance = k.scale(k.sumLast(k.square(centred)), 1 / (D - 1));
      const rstd = k.rsqrt(k.addScalar(variance, eps));
      const xHat = k.mul(centred, rstd);
      return { out: k.add(k.mul(xHat, gamma), beta), saved: { xHat, rstd, gamma } };
    },
  }),
  planted(layerNorm, "mean(h) dropped from its VJP", {
    vjp(k, { xHat, rstd, gamma }, dy) {
      const h = k.mul(dy, gamma);
      const alongXHat = k.mul(xHat, k.meanLast(k.mul(h, xHat)));
      return { ...right(layerNorm).vjp(k, { xHat, rstd, gamma }, dy), x: k.mul(k.sub(h, alongXHat), rstd) };
    },
  }),
  planted(layerNorm, "the projection on x̂ dropped from its VJP", {
    vjp(k, { xHat, rstd, gamma }, dy) {
      const h = k.mul(dy, gamma);
      return { ...right(layerNorm).vjp(k, { xHat, rstd, gamma }, dy), x: k.mul(k.sub(h, k.meanLast(h)), rstd) };
    },
  }),
  planted(layerNorm, "γ forgotten in its VJP", {
    vjp(k, saved, dy) {
      const ones = k.addScalar(k.zeros(saved.gamma.shape), 1);
      return { ...right(layerNorm).vjp(k, saved, dy), x: right(layerNorm).vjp(k, { ...saved, gamma: ones }, dy).x };
    },
  }),
  planted(layerNorm, "γ̄ without x̂", {
    vjp(k, saved, dy) {
      const { x, params } = right(layerNorm).vjp(k, saved, dy);
      return { x, params: { weight: params.bias, bias: params.bias } };
    },
  }),
];

const softmaxErrors: readonly PlantedError[] = [
  planted(softmax, "⟨s̄, s⟩ dropped from its VJP", { vjp: (k, { s }, ds) => ({ z: k.mul(s, ds) }) }),
  planted(softmax, "⟨s̄, 1⟩ instead of ⟨s̄, s⟩", { vjp: (k, { s }, ds) => ({ z: k.mul(s, k.sub(ds, k.sumLast(ds))) }) }),
  planted(softmax, "the largest logit not counted", {
    forward(k, { z }) {
      const e = k.exp(k.sub(z, k.maxLast(z)));
      const s = k.div(e, k.addScalar(k.sumLast(e), -1));
      return { out: s, saved: { s } };
    },
  }),
  planted(logSoftmax, "⟨ℓ̄, 1⟩ dropped from its VJP", { vjp: (_, _saved, dLogProbs) => ({ z: dLogProbs }) }),
  planted(logSoftmax, "⟨ℓ̄, 1⟩ spread evenly, not by σ(z)", {
    vjp: (k, _, dLogProbs) => ({ z: k.sub(dLogProbs, k.meanLast(dLogProbs)) }),
  }),
  planted(logSoftmax, "the shift not added back", {
    forward(k, { z }) {
      const logProbs = k.sub(z, k.log(k.sumLast(k.exp(k.sub(z, k.maxLast(z))))));
      return { out: logProbs, saved: { logProbs } };
    },
  }),
];

/** √(2/π) and the coefficient of Hendrycks and Gimpel 2016. */
const [ROOT, CUBIC] = [Math.sqrt(2 / Math.PI), 0.044715];

const geluErrors: readonly PlantedError[] = [
  planted(gelu, "the approximation by tanh", {
    forward(k, { x }) {
      const u = k.scale(k.mul(x, k.addScalar(k.scale(k.square(x), CUBIC), 1)), ROOT);
      return { out: k.div(x, k.addScalar(k.exp(k.scale(u, -2)), 1)), saved: { x } }; // ½(1 + tanh u) = 1/(1 + exp(−2u))
    },
  }),
  planted(gelu, "x φ(x) dropped from its VJP", { vjp: (k, { x }, dy) => ({ x: k.mul(dy, k.normalCdf(x)) }) }),
  planted(gelu, "the density at x/√2", {
    vjp(k, { x }, dy) {
      const density = k.scale(k.exp(k.scale(k.square(x), -0.25)), 1 / Math.sqrt(2 * Math.PI));
      return { x: k.mul(dy, k.add(k.normalCdf(x), k.mul(x, density))) };
    },
  }),
];

/** A of the forward, before and after dropout. */
function again(
  k: Kernels,
  saved: AttentionSaved,
): { readonly probs: Result<Tensor, SoftmaxSaved>; readonly kept: Result<Tensor, DropoutSaved> } {
  const probs = softmax.forward(k, { z: scores.forward(k, saved).out });
  return { probs, kept: dropout.forward(k, { x: probs.out }, saved.dropout) };
}

const attentionErrors: readonly PlantedError[] = [
  planted(scores, "d instead of √d", {
    forward: (k, { q, keys }) => ({ out: k.scale(k.matmul(q, keys, { tb: true }), 1 / axis(q.shape, -1)), saved: { q, keys } }),
  }),
  planted(scores, "the scale missing in its VJP", {
    vjp: (k, { q, keys }, dS) => ({ q: k.matmul(dS, keys), keys: k.matmul(dS, q, { ta: true }) }),
  }),
  planted(scores, "the scale missing in K̄ alone", {
    vjp: (k, saved, dS) => ({ q: right(scores).vjp(k, saved, dS).q, keys: k.matmul(dS, saved.q, { ta: true }) }),
  }),
  planted(mix, "the sign of Ā flipped", {
    vjp(k, saved, dO) {
      const d = right(mix).vjp(k, saved, dO);
      return { probs: k.scale(d.probs, -1), values: d.values };
    },
  }),
  planted(mix, "V̄ averaged over the queries", {
    vjp(k, saved, dO) {
      const d = right(mix).vjp(k, saved, dO);
      return { probs: d.probs, values: k.scale(d.values, 1 / axis(dO.shape, -2)) };
    },
  }),
  planted(attention, "the softmax skipped in its VJP", {
    vjp(k, saved, dO) {
      const { kept } = again(k, saved);
      const dMix = mix.vjp(k, { probs: kept.out, values: saved.values }, dO);
      const dDrop = dropout.vjp(k, kept.saved, dMix.probs);
      return { ...scores.vjp(k, saved, dDrop.x), values: dMix.values };
    },
  }),
  planted(attention, "dropout ignored in its VJP", {
    vjp(k, saved, dO) {
      const { probs, kept } = again(k, saved);
      const dMix = mix.vjp(k, { probs: kept.out, values: saved.values }, dO);
      const dProbs = softmax.vjp(k, probs.saved, dMix.probs);
      return { ...scores.vjp(k, saved, dProbs.z), values: dMix.values };
    },
  }),
  planted(attention, "tiles of keys averaged, not weighed by their e^λ", {
    forward: (k, inputs, attrs) => tiled(k, inputs, attrs, (a) => k.scale(k.addScalar(k.zeros(a.shape), 1), 1 / 2)),
  }),
  planted(attention, "the running sum not rescaled to the maximum of the next tile", {
    forward: (k, inputs, attrs) => tiled(k, inputs, attrs, (a, b, aMost, bMost) => share(k, k.sub(a, aMost), k.sub(b, bMost))),
  }),
  planted(attention, "⟨Ō, O⟩ dropped from the recompute form of its VJP", {
    vjp: (k, saved, dO) => recomputed(k, saved, dO, k.zeros(saved.logSum.shape)),
  }),
  planted(attention, "λ doubled in the recompute form of its VJP", {
    vjp: (k, saved, dO) => recomputed(k, { ...saved, logSum: k.scale(saved.logSum, 2) }, dO, along(k, saved, dO)),
  }),
  planted(attention, "another mask in its VJP", {
    vjp: (k, saved, dO) => right(attention).vjp(k, { ...saved, dropout: dropoutAt(saved.dropout, "again") }, dO),
  }),
];

const branchErrors: readonly PlantedError[] = [
  planted(dropout, "the factor 1/(1 − r) missing in its VJP", {
    vjp: (k, { mask }, dy) => ({ x: mask === null ? dy : k.mul(dy, k.step(k.addScalar(mask, -0.5))) }),
  }),
  planted(dropout, "the mask ignored in its VJP", { vjp: (_, _saved, dy) => ({ x: dy }) }),
  planted(dropout, "the complement of the mask", {
    forward(k, { x }, attrs) {
      const { saved } = right(dropout).forward(k, { x }, attrs);
      if (attrs === null || saved.mask === null) return { out: x, saved };
      const mask = k.addScalar(k.scale(saved.mask, -1), 1 / (1 - attrs.rate));
      return { out: k.mul(x, mask), saved: { mask } };
    },
  }),
  planted(residual, "the multiplier forgotten in its VJP", { vjp: (_, _saved, dy) => ({ x: dy, branch: dy }) }),
  planted(residual, "the skip forgotten in its VJP", {
    vjp: (k, saved, dy) => ({ x: k.zeros(dy.shape), branch: right(residual).vjp(k, saved, dy).branch }),
  }),
  planted(residual, "the multiplier on the skip too", {
    forward(k, { x, branch }, { multiplier }) {
      const { out } = right(residual).forward(k, { x: k.zeros(x.shape), branch: k.add(x, branch) }, { multiplier });
      return { out, saved: { multiplier } };
    },
  }),
];

export const arithmeticErrors: readonly PlantedError[] = [
  ...linearErrors,
  ...layerNormErrors,
  ...softmaxErrors,
  ...geluErrors,
  ...attentionErrors,
  ...branchErrors,
];
