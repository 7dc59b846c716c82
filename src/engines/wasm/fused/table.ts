/**
 * Ops that one kernel does as a whole: of exactly the type of the op each replaces, saved record included. The formulas stand in `ops`,
 * `losses` and `train`; the parity law holds each kernel to its op.
 */
import type { FusedTable } from "../../../kernels/kernels.ts";
import { crossEntropy } from "../../../losses/crossEntropy.ts";
import { attention } from "../../../ops/attention.ts";
import type { DropoutAttrs } from "../../../ops/dropout.ts";
import { gelu } from "../../../ops/gelu.ts";
import { layerNorm } from "../../../ops/layerNorm.ts";
import { linear } from "../../../ops/linear.ts";
import { logSoftmax } from "../../../ops/logSoftmax.ts";
import { fuse, fusedTable, withoutFusion } from "../../../ops/observe.ts";
import { softmax } from "../../../ops/softmax.ts";
import { splitHeads } from "../../../ops/splitHeads.ts";
import { axis, size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import { adamwLeaf } from "../../../train/optimizer/adamw.ts";
import { unscaledLeaf } from "../../../train/optimizer/lossScale.ts";
import type { HeapAccess } from "../../heap.ts";
import { COMPUTED, MOVED, rowsOf, type Deal } from "../deal.ts";
import { dealPermute } from "../move.ts";
import { dealGemm, dealMultiply, dealPack, packedColumns } from "../products.ts";

const BYTES = 4;

const outer = (shape: Shape): number => size(shape.slice(0, -1));

/** Columns of the widest head whose blocks the scratch has room for (assembly/attention.ts). */
const WIDEST_HEAD = 1024;

/** Queries that are worth a part of their own: it turns round the values of their head for itself. */
const QUERIES = 48;

/** Whether there is a kernel: dropout, and very wide heads, go by the definition. */
const takesAttention = (q: Tensor, dropout: DropoutAttrs | null): boolean => dropout === null && axis(q.shape, -1) <= WIDEST_HEAD;

/** @param deal null: memory is taken and nothing computed, which makes a plan */
export const fusedKernels =
  (deal: Deal | null) =>
  ({ take, takeOver, keep, address: at, count }: HeapAccess): FusedTable => {
    const like = (t: Tensor): Tensor => take(t.shape);
    /** Address of row r of a tensor. */
    const row = (t: Tensor, r: number): number => at(t) + r * axis(t.shape, -1) * BYTES;

    /** y = x Wᵀ + b, where W will be multiplied by again and again: its panels are made once and live as long as it does. */
    const byPanels = (y: Tensor, x: Tensor, weight: Tensor, bias: Tensor): void => {
      const [rows, I, O] = [outer(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const panels = keep(weight, [packedColumns(O), I]);
      if (deal === null) return;
      if (panels.fresh) dealPack(deal, panels.address, at(weight), O, I);
      dealMultiply(deal, at(y), at(x), panels.address, at(bias), rows, O, I);
    };

    const fusedLinear: typeof linear = {
      name: linear.name,
      forward: (k, { x, params: { weight, bias } }) => {
        const [rows, I, O] = [outer(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
        const y = take([...x.shape.slice(0, -1), O]);
        if (k.scope.constantWeights && rows * I > 0) byPanels(y, x, weight, bias);
        else if (deal !== null)
          dealGemm(deal, { c: at(y), a: at(x), b: at(weight), bias: at(bias), m: rows, n: O, k: I, ta: false, tb: true });
        count(rows * I * O);
        return { out: y, saved: { x, weight } };
      },
      vjp: (_, { x, weight }, dy) => {
        const [rows, I, O] = [outer(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
        const [dx, dWeight, dBias] = [like(x), like(weight), take([O])];
        count(2 * rows * I * O);
        if (deal !== null) {
          deal("sumColumns", O, rowsOf(MOVED, rows), (j, n) => [at(dBias) + j * BYTES, at(dy) + j * BYTES, rows, n, O]);
          dealGemm(deal, { c: at(dWeight), a: at(dy), b: at(x), bias: 0, m: O, n: I, k: rows, ta: true, tb: false });
          dealGemm(deal, { c: at(dx), a: at(dy), b: at(weight), bias: 0, m: rows, n: I, k: O, ta: false, tb: false });
        }
        return { x: dx, params: { weight: dWeight, bias: dBias } };
      },
    };

    const fusedLayerNorm: typeof layerNorm = {
      name: layerNorm.name,
      forward: (_, { x, params: { weight: gamma, bias: beta } }, { eps }) => {
        const [y, xHat, rstd, n] = [like(x), like(x), take([...x.shape.slice(0, -1), 1]), axis(x.shape, -1)];
        deal?.("layerNorm", outer(x.shape), rowsOf(COMPUTED, n), (r, rows) => {
          return [row(y, r), row(xHat, r), row(rstd, r), row(x, r), at(gamma), at(beta), rows, n, eps];
        });
        return { out: y, saved: { xHat, rstd, gamma } };
      },
      vjp: (_, { xHat, rstd, gamma }, dy) => {
        const [dx, dGamma, dBeta, rows, n] = [like(xHat), like(gamma), like(gamma), outer(dy.shape), axis(dy.shape, -1)];
        deal?.("layerNormDx", rows, rowsOf(COMPUTED, n), (r, some) => {
          return [row(dx, r), row(dy, r), row(xHat, r), row(rstd, r), at(gamma), some, n];
        });
        deal?.("layerNormDParams", n, rowsOf(COMPUTED, rows), (j, columns) => {
          const from = j * BYTES;
          return [at(dGamma) + from, at(dBeta) + from, at(dy) + from, at(xHat) + from, rows, columns, n];
        });
        return { x: dx, params: { weight: dGamma, bias: dBeta } };
      },
    };

    const fusedGelu: typeof gelu = {
      name: gelu.name,
      forward: (_, { x }) => {
        const y = like(x);
        deal?.("geluEach", size(x.shape), COMPUTED, (i, n) => [at(y) + i * BYTES, at(x) + i * BYTES, n]);
        return { out: y, saved: { x } };
      },
      vjp: (_, { x }, dy) => {
        const dx = like(x);
        deal?.("geluVjpEach", size(x.shape), COMPUTED, (i, n) => [at(dx) + i * BYTES, at(x) + i * BYTES, at(dy) + i * BYTES, n]);
        return { x: dx };
      },
    };

    const fusedSoftmax: typeof softmax = {
      name: softmax.name,
      forward: (_, { z }) => {
        const s = like(z);
        const n = axis(z.shape, -1);
        deal?.("softmax", outer(z.shape), rowsOf(COMPUTED, n), (r, rows) => [row(s, r), row(z, r), rows, n, 1]);
        return { out: s, saved: { s } };
      },
      vjp: (_, { s }, ds) => {
        const dz = like(s);
        const n = axis(s.shape, -1);
        deal?.("softmaxVjp", outer(s.shape), rowsOf(COMPUTED, n), (r, rows) => [row(dz, r), row(s, r), row(ds, r), rows, n, 1]);
        return { z: dz };
      },
    };

    const fusedLogSoftmax: typeof logSoftmax = {
      name: logSoftmax.name,
      forward: (_, { z }) => {
        const logProbs = like(z);
        const n = axis(z.shape, -1);
        deal?.("logSoftmax", outer(z.shape), rowsOf(COMPUTED, n), (r, rows) => [row(logProbs, r), row(z, r), rows, n]);
        return { out: logProbs, saved: { logProbs } };
      },
      vjp: (_, { logProbs }, d) => {
        const dz = like(logProbs);
        const n = axis(d.shape, -1);
        deal?.("logSoftmaxVjp", outer(d.shape), rowsOf(COMPUTED, n), (r, rows) => [row(dz, r), row(logProbs, r), row(d, r), rows, n]);
        return { z: dz };
      },
    };

    const fusedAttention: typeof attention = {
      name: attention.name,
      forward: (k, { q, keys, values: v }, { dropout }) => {
        if (!takesAttention(q, dropout)) return attention.forward(withoutFusion(k, attention), { q, keys, values: v }, { dropout });
        const [heads, N, d, K] = [size(q.shape.slice(0, -2)), axis(q.shape, -2), axis(q.shape, -1), axis(keys.shape, -2)];
        const [o, logSum] = [like(q), take([...q.shape.slice(0, -1), 1])];
        deal?.("attention", heads * N, QUERIES, (i, count) => [at(o), at(logSum), at(q), at(keys), at(v), N, K, d, i, count]);
        count(2 * heads * N * K * d);
        return { out: o, saved: { q, keys, values: v, out: o, logSum, dropout } };
      },
      vjp: (k, saved, dO) => {
        const { q, keys, values: v, out, logSum, dropout } = saved;
        if (!takesAttention(q, dropout)) return attention.vjp(withoutFusion(k, attention), saved, dO);
        const [heads, N, d, K] = [size(q.shape.slice(0, -2)), axis(q.shape, -2), axis(q.shape, -1), axis(keys.shape, -2)];
        const [dq, dk, dv] = [like(q), like(keys), like(v)];
        deal?.("attentionVjp", heads, 1, (m, some) => {
          const [rows, queries, values] = [m * N * BYTES, m * N * d * BYTES, m * K * d * BYTES];
          const [dQ, dK, dV, Q] = [at(dq) + queries, at(dk) + values, at(dv) + values, at(q) + queries];
          return [dQ, dK, dV, Q, at(keys) + values, at(v) + values, at(out) + queries, at(logSum) + rows, at(dO) + queries, some, N, K, d];
        });
        count(5 * heads * N * K * d); // S is made again
        return { q: dq, keys: dk, values: dv };
      },
    };

    const fusedSplitHeads: typeof splitHeads = {
      name: splitHeads.name,
      forward: (_, { qkv }, { heads: h }) => {
        const [B = 0, T = 0, threeD = 0] = qkv.shape;
        const d = threeD / 3 / h;
        const role = (i: number): Tensor => {
          const t = take([B, h, T, d]);
          if (deal !== null) dealPermute(deal, at(t), at(qkv) + i * h * d * BYTES, t.shape, [T * threeD, d, threeD, 1]);
          return t;
        };
        return { out: { q: role(0), keys: role(1), values: role(2) }, saved: null };
      },
      vjp: (k, saved, dOut) => splitHeads.vjp(withoutFusion(k, splitHeads), saved, dOut),
    };

    const fusedCrossEntropy: typeof crossEntropy = {
      name: crossEntropy.name,
      forward: (_, { logits }, { target }) => {
        const [loss, logProbs] = [take([]), like(logits)];
        const [rows, n] = [axis(logits.shape, 0), axis(logits.shape, 1)];
        deal?.("crossEntropy", 1, 1, () => [at(loss), at(logProbs), at(logits), at(target), rows, n]); // one sum over all
        return { out: loss, saved: { logProbs, target } };
      },
      vjp: (_, { logProbs, target }, dLoss) => {
        const dz = like(logProbs);
        const [rows, n] = [axis(dz.shape, 0), axis(dz.shape, 1)];
        deal?.("crossEntropyVjp", 1, 1, () => [at(dz), at(logProbs), at(target), at(dLoss), rows, n]);
        return { logits: dz };
      },
    };

    const fusedAdamw: typeof adamwLeaf = {
      name: adamwLeaf.name,
      run: (k, { grad, finite, rate, unbias, ...old }, { lr, beta1, beta2, eps, weightDecay }) => {
        const [theta, m, v] = [takeOver(old.theta), takeOver(old.m), takeOver(old.v)];
        const given = [at(rate), at(unbias), finite === null ? 0 : at(finite)] as const;
        const settings = [1 - lr * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps] as const;
        deal?.("adamw", size(theta.shape), MOVED, (i, n) => {
          const from = i * BYTES;
          return [at(theta) + from, at(m) + from, at(v) + from, at(grad) + from, ...given, n, ...settings];
        });
        k.donate(grad);
        return { theta, m, v };
      },
    };

    const fusedUnscale: typeof unscaledLeaf = {
      name: unscaledLeaf.name,
      run: (_, { grad: scaled, inverse }) => {
        const [finite, grad] = [take([1]), takeOver(scaled)];
        deal?.("clear", 1, 1, () => [at(finite), 1]);
        deal?.("addScalar", 1, 1, () => [at(finite), at(finite), 1, 1]);
        deal?.("unscale", size(grad.shape), MOVED, (i, n) => [at(grad) + i * BYTES, at(finite), at(inverse), n]);
        return { grad, finite };
      },
    };

    return fusedTable(
      fuse(linear, fusedLinear),
      fuse(layerNorm, fusedLayerNorm),
      fuse(gelu, fusedGelu),
      fuse(softmax, fusedSoftmax),
      fuse(logSoftmax, fusedLogSoftmax),
      fuse(attention, fusedAttention),
      fuse(splitHeads, fusedSplitHeads),
      fuse(crossEntropy, fusedCrossEntropy),
      fuse(adamwLeaf, fusedAdamw),
      fuse(unscaledLeaf, fusedUnscale),
    );
  };
