/** Errors in the teacher's ops. */
import type { Kernels } from "../../../src/kernels/kernels.ts";
import { evaluating, trained } from "../../../src/laws/cases/subjects/teacher.ts";
import { linear } from "../../../src/ops/linear.ts";
import { averagePool } from "../../../src/teacher/averagePool.ts";
import { batchNorm, frozenBatchNorm } from "../../../src/teacher/batchNorm.ts";
import { groupedConv, type ConvSaved } from "../../../src/teacher/conv.ts";
import { classifier } from "../../../src/teacher/head.ts";
import { regnetLogits, regnetTrain } from "../../../src/teacher/regnet.ts";
import { relu } from "../../../src/teacher/relu.ts";
import { sigmoid } from "../../../src/teacher/sigmoid.ts";
import { squeezeExcite } from "../../../src/teacher/squeezeExcite.ts";
import { axis, type Tensor } from "../../../src/tensor/tensor.ts";
import { planted, right, type PlantedError } from "../../helpers/planted.ts";

const functionErrors: readonly PlantedError[] = [
  planted(relu, "the cotangent let through everywhere", { vjp: (_, _saved, dy) => ({ x: dy }) }),
  planted(relu, "a slope of 0.01 on the left", {
    forward(k, { x }) {
      const y = right(relu).forward(k, { x }).out;
      return { out: k.add(y, k.scale(k.sub(x, y), 0.01)), saved: { y } };
    },
  }),
  planted(sigmoid, "g instead of g(1 − g)", {
    vjp: (k, { u }, dg) => ({ u: k.mul(dg, right(sigmoid).forward(k, { u }).out) }),
  }),
  planted(sigmoid, "exp(−|u|) on both sides", {
    forward(k, { u }) {
      const sign = k.addScalar(k.scale(k.step(u), 2), -1);
      return right(sigmoid).forward(k, { u: k.mul(u, sign) });
    },
  }),
  planted(averagePool, "1/(HW) missing in its VJP", {
    vjp: (k, saved, dm) => ({ x: k.scale(right(averagePool).vjp(k, saved, dm).x, saved.rows * saved.columns) }),
  }),
  planted(averagePool, "H and W exchanged in its VJP", {
    vjp(k, { rows, columns }, dm) {
      const { x } = right(averagePool).vjp(k, { rows, columns: rows }, dm);
      const [B = 0, C = 0] = x.shape;
      return { x: k.add(k.zeros([B, C, rows, columns]), k.slice(x, 3, 0, 1)) };
    },
  }),
  planted(classifier, "1/(HW) missing in its VJP", {
    vjp(k, saved, dLogits) {
      const { x, params } = right(classifier).vjp(k, saved, dLogits);
      return { x: k.scale(x, saved.pool.rows * saved.pool.columns), params };
    },
  }),
  planted(classifier, "its bias left out", {
    forward(k, { x, params: { fc } }) {
      const m = averagePool.forward(k, { x });
      const logits = linear.forward(k, { x: m.out, params: { weight: fc.weight, bias: k.zeros(fc.bias.shape) } });
      return { out: logits.out, saved: { pool: m.saved, fc: logits.saved } };
    },
  }),
];

/** x with its padding, as a larger image. */
function padded(k: Kernels, x: Tensor, p: number): Tensor {
  const [, , H = 0, W = 0] = x.shape;
  return k.pad(k.pad(x, 2, p, H + 2 * p), 3, p, W + 2 * p);
}

const convErrors: readonly PlantedError[] = [
  planted(groupedConv, "the padding ignored in x̄", {
    vjp(k, saved, dy) {
      const [, , H = 0, W = 0] = saved.x.shape;
      const whole: ConvSaved = { ...saved, x: padded(k, saved.x, saved.padding), padding: 0 };
      const { x, params } = right(groupedConv).vjp(k, whole, dy);
      return { x: k.slice(k.slice(x, 2, 0, H), 3, 0, W), params };
    },
  }),
  planted(groupedConv, "W̄ averaged over the windows of an image", {
    vjp(k, saved, dy) {
      const { x, params } = right(groupedConv).vjp(k, saved, dy);
      return { x, params: { weight: k.scale(params.weight, 1 / (axis(dy.shape, 2) * axis(dy.shape, 3))) } };
    },
  }),
  planted(groupedConv, "the input channels assigned to the groups in turn", {
    forward(k, { x, params }, attrs) {
      const [B = 0, C = 0, H = 0, W = 0] = x.shape;
      const interleaved = k.permute(k.reshape(x, [B, C / attrs.groups, attrs.groups, H, W]), [0, 2, 1, 3, 4]);
      return right(groupedConv).forward(k, { x: k.reshape(interleaved, x.shape), params }, attrs);
    },
  }),
  planted(groupedConv, "the window's rows and columns exchanged", {
    forward(k, { x, params }, attrs) {
      const weight = k.permute(params.weight, [0, 1, 3, 2]);
      return right(groupedConv).forward(k, { x, params: { weight } }, attrs);
    },
  }),
];

const ones = (k: Kernels, like: Tensor): Tensor => k.addScalar(k.zeros(like.shape), 1);

/** [B, C, N]: the mean of each channel, at every position. */
function channelMeans(k: Kernels, t: Tensor): Tensor {
  const [B = 0, C = 0, N = 0] = t.shape;
  const means = k.scale(k.sumLeading(k.sumLast(t), 1), 1 / (B * N)); // [C, 1]
  return k.add(k.zeros([B, C, N]), k.expandLeading(means, B));
}

const normErrors: readonly PlantedError[] = [
  planted(batchNorm, "normalised by the unbiased variance", {
    forward(k, { x, params }, attrs) {
      const { out, saved } = right(batchNorm).forward(k, { x, params }, attrs);
      const n = axis(x.shape, 0) * axis(x.shape, 2) * axis(x.shape, 3);
      const shrunk = k.scale(x, Math.sqrt((n - 1) / n)); // the biased variance of this is (n − 1)/n of x's
      const y = right(batchNorm).forward(k, { x: shrunk, params }, attrs).out.y;
      return { out: { y, stats: out.stats }, saved };
    },
  }),
  planted(batchNorm, "mean(h) dropped from its VJP", {
    vjp(k, saved, { y: dy, stats }) {
      const { x, params } = right(batchNorm).vjp(k, saved, { y: dy, stats });
      const [B = 0, C = 0, H = 0, W = 0] = dy.shape;
      const factor = k.expandLeading(k.reshape(k.mul(saved.gamma, saved.rstd), [C, 1]), B);
      const lost = k.mul(channelMeans(k, k.reshape(dy, [B, C, H * W])), factor);
      return { x: k.add(x, k.reshape(lost, dy.shape)), params };
    },
  }),
  planted(batchNorm, "its statistics held fixed in its VJP", { vjp: frozenBatchNorm.vjp }),
  planted(frozenBatchNorm, "its VJP through the statistics of the batch", { vjp: batchNorm.vjp }),
  planted(frozenBatchNorm, "γ forgotten in its VJP", {
    vjp(k, saved, dOut) {
      const { x } = right(frozenBatchNorm).vjp(k, { ...saved, gamma: ones(k, saved.gamma) }, dOut);
      return { x, params: right(frozenBatchNorm).vjp(k, saved, dOut).params };
    },
  }),
  planted(squeezeExcite, "the path through the means dropped", {
    vjp(k, saved, dy) {
      const { params } = right(squeezeExcite).vjp(k, saved, dy);
      const [B = 0, C = 0, H = 0, W = 0] = dy.shape;
      const dx = k.mul(k.reshape(dy, [B, C, H * W]), k.reshape(saved.g, [B, C, 1]));
      return { x: k.reshape(dx, dy.shape), params };
    },
  }),
  planted(squeezeExcite, "ReLU skipped in its VJP", {
    vjp: (k, saved, dy) => right(squeezeExcite).vjp(k, { ...saved, act: { y: ones(k, saved.act.y) } }, dy),
  }),
];

const networkErrors: readonly PlantedError[] = [
  planted(trained.convNorm, "the norm's statistics held fixed in its VJP", { vjp: evaluating.convNorm.vjp }),
  planted(evaluating.convNorm, "the norm's VJP through the statistics of the batch", { vjp: trained.convNorm.vjp }),
  planted(trained.convNormRelu, "ReLU skipped in its VJP, in training", {
    vjp: (k, saved, dOut) => trained.convNorm.vjp(k, saved.unit, dOut),
  }),
  planted(evaluating.convNormRelu, "ReLU skipped in its VJP, in evaluation", {
    vjp: (k, saved, dOut) => evaluating.convNorm.vjp(k, saved.unit, dOut),
  }),
  planted(trained.block, "'x is used twice' forgotten: the shortcut alone", {
    vjp(k, saved, dOut) {
      const { params } = right(trained.block).vjp(k, saved, dOut);
      const dy = relu.vjp(k, saved.act, dOut.y).x;
      const x = saved.downsample === null ? dy : trained.convNorm.vjp(k, saved.downsample, { y: dy, stats: null }).x;
      return { x, params };
    },
  }),
  planted(evaluating.block, "its norms backpropagated through the statistics of the batch", { vjp: trained.block.vjp }),
  planted(trained.stage, "the cotangent taken past the later blocks", {
    vjp(k, saved, dOut) {
      const { x, params } = right(trained.stage).vjp(k, saved, dOut);
      const [first] = saved;
      return { x: first === undefined ? x : trained.block.vjp(k, first, dOut).x, params };
    },
  }),
  planted(evaluating.stage, "its norms backpropagated through the statistics of the batch", { vjp: trained.stage.vjp }),
  planted(regnetTrain, "the statistics held fixed in its VJP", { vjp: regnetLogits.vjp }),
  planted(regnetLogits, "its VJP through the statistics of the batch", { vjp: regnetTrain.vjp }),
  planted(regnetLogits, "normalised by the batch", {
    forward(k, inputs, attrs) {
      const { out, saved } = regnetTrain.forward(k, inputs, attrs);
      return { out: { logits: out.logits, stats: { constant: { stem: { bn: null } } } }, saved };
    },
  }),
];

export const teacherErrors: readonly PlantedError[] = [...functionErrors, ...convErrors, ...normErrors, ...networkErrors];
