/**
 * Ops that one kernel does as a whole: of exactly the type of the op each replaces, saved record included. The formulas stand in `ops`,
 * `losses` and `train`; the parity law holds each kernel to its op.
 */
import type { FusedTable } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { attention } from "../../ops/attention.ts";
import type { DropoutAttrs } from "../../ops/dropout.ts";
import { gelu } from "../../ops/gelu.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { linear } from "../../ops/linear.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import { fuse, fusedTable, opened } from "../../ops/observe.ts";
import { softmax } from "../../ops/softmax.ts";
import { axis, size, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { adamwLeaf } from "../../train/adamw.ts";
import type { HeapAccess } from "../heap.ts";
import type { Exports } from "./module.ts";

const outer = (shape: Shape): number => size(shape.slice(0, -1));

/** Columns of the widest head whose blocks the scratch has room for (assembly/attention.ts). */
const WIDEST_HEAD = 1024;

/** Whether there is a kernel: dropout, and very wide heads, go by the definition. */
const takesAttention = (q: Tensor, dropout: DropoutAttrs | null): boolean => dropout === null && axis(q.shape, -1) <= WIDEST_HEAD;

/** @param wasm null: memory is taken and nothing computed, which makes a plan */
export const fusedKernels =
  (wasm: Exports | null) =>
  ({ take, takeOver, address: at, count }: HeapAccess): FusedTable => {
    const like = (t: Tensor): Tensor => take(t.shape);

    const fusedLinear: typeof linear = {
      name: linear.name,
      forward: (_, { x, params: { weight, bias } }) => {
        const [rows, I, O] = [outer(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
        const y = take([...x.shape.slice(0, -1), O]);
        wasm?.linear(at(y), at(x), at(weight), at(bias), rows, I, O);
        count(rows * I * O);
        return { out: y, saved: { x, weight } };
      },
      vjp: (_, { x, weight }, dy) => {
        const [rows, I, O] = [outer(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
        const [dx, dWeight, dBias] = [like(x), like(weight), take([O])];
        wasm?.linearVjp(at(dx), at(dWeight), at(dBias), at(dy), at(x), at(weight), rows, I, O);
        count(2 * rows * I * O);
        return { x: dx, params: { weight: dWeight, bias: dBias } };
      },
    };

    const fusedLayerNorm: typeof layerNorm = {
      name: layerNorm.name,
      forward: (_, { x, params: { weight: gamma, bias: beta } }, { eps }) => {
        if (!(eps > 0)) throw new RangeError(`layerNorm: eps must be > 0, got ${eps}`);
        const [y, xHat, rstd] = [like(x), like(x), take([...x.shape.slice(0, -1), 1])];
        wasm?.layerNorm(at(y), at(xHat), at(rstd), at(x), at(gamma), at(beta), outer(x.shape), axis(x.shape, -1), eps);
        return { out: y, saved: { xHat, rstd, gamma } };
      },
      vjp: (_, { xHat, rstd, gamma }, dy) => {
        const [dx, dGamma, dBeta, rows, n] = [like(xHat), like(gamma), like(gamma), outer(dy.shape), axis(dy.shape, -1)];
        wasm?.layerNormDx(at(dx), at(dy), at(xHat), at(rstd), at(gamma), rows, n);
        wasm?.layerNormDParams(at(dGamma), at(dBeta), at(dy), at(xHat), rows, n);
        return { x: dx, params: { weight: dGamma, bias: dBeta } };
      },
    };

    const fusedGelu: typeof gelu = {
      name: gelu.name,
      forward: (_, { x }) => {
        const y = like(x);
        wasm?.geluEach(at(y), at(x), size(x.shape));
        return { out: y, saved: { x } };
      },
      vjp: (_, { x }, dy) => {
        const dx = like(x);
        wasm?.geluVjpEach(at(dx), at(x), at(dy), size(x.shape));
        return { x: dx };
      },
    };

    const fusedSoftmax: typeof softmax = {
      name: softmax.name,
      forward: (_, { z }) => {
        const s = like(z);
        wasm?.softmax(at(s), at(z), outer(z.shape), axis(z.shape, -1), 1);
        return { out: s, saved: { s } };
      },
      vjp: (_, { s }, ds) => {
        const dz = like(s);
        wasm?.softmaxVjp(at(dz), at(s), at(ds), outer(s.shape), axis(s.shape, -1), 1);
        return { z: dz };
      },
    };

    const fusedLogSoftmax: typeof logSoftmax = {
      name: logSoftmax.name,
      forward: (_, { z }) => {
        const logProbs = like(z);
        wasm?.logSoftmax(at(logProbs), at(z), outer(z.shape), axis(z.shape, -1));
        return { out: logProbs, saved: { logProbs } };
      },
      vjp: (_, { logProbs }, d) => {
        const dz = like(logProbs);
        wasm?.logSoftmaxVjp(at(dz), at(logProbs), at(d), outer(d.shape), axis(d.shape, -1));
        return { z: dz };
      },
    };

    const fusedAttention: typeof attention = {
      name: attention.name,
      forward: (k, { q, k: keys, v }, { dropout }) => {
        if (!takesAttention(q, dropout)) return attention.forward(opened(k, attention), { q, k: keys, v }, { dropout });
        const [heads, N, d, K] = [size(q.shape.slice(0, -2)), axis(q.shape, -2), axis(q.shape, -1), axis(keys.shape, -2)];
        const [o, logSum] = [like(q), take([...q.shape.slice(0, -1), 1])];
        wasm?.attention(at(o), at(logSum), at(q), at(keys), at(v), heads, N, K, d);
        count(2 * heads * N * K * d);
        return { out: o, saved: { q, k: keys, v, out: o, logSum, dropout } };
      },
      vjp: (k, saved, dO) => {
        const { q, k: keys, v, out, logSum, dropout } = saved;
        if (!takesAttention(q, dropout)) return attention.vjp(opened(k, attention), saved, dO);
        const [heads, N, d, K] = [size(q.shape.slice(0, -2)), axis(q.shape, -2), axis(q.shape, -1), axis(keys.shape, -2)];
        const [dq, dk, dv] = [like(q), like(keys), like(v)];
        wasm?.attentionVjp(at(dq), at(dk), at(dv), at(q), at(keys), at(v), at(out), at(logSum), at(dO), heads, N, K, d);
        count(5 * heads * N * K * d); // S is made again
        return { q: dq, k: dk, v: dv };
      },
    };

    const fusedCrossEntropy: typeof crossEntropy = {
      name: crossEntropy.name,
      forward: (_, { logits }, { target }) => {
        const [loss, logProbs] = [take([]), like(logits)];
        wasm?.crossEntropy(at(loss), at(logProbs), at(logits), at(target), axis(logits.shape, 0), axis(logits.shape, 1));
        return { out: loss, saved: { logProbs, target } };
      },
      vjp: (_, { logProbs, target }, dLoss) => {
        const dz = like(logProbs);
        wasm?.crossEntropyVjp(at(dz), at(logProbs), at(target), at(dLoss), axis(dz.shape, 0), axis(dz.shape, 1));
        return { logits: dz };
      },
    };

    const fusedAdamw: typeof adamwLeaf = {
      name: adamwLeaf.name,
      run: (k, { grad, ...old }, { lr, beta1, beta2, eps, weightDecay, step }) => {
        const [theta, m, v] = [takeOver(old.theta), takeOver(old.m), takeOver(old.v)];
        const [decay, rate, unbias] = [1 - lr * weightDecay, lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step)];
        const moments = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
        wasm?.adamw(at(theta), at(m), at(v), at(grad), size(theta.shape), decay, rate, ...moments, unbias, eps);
        k.donate(grad);
        return { theta, m, v };
      },
    };

    return fusedTable(
      fuse(linear, fusedLinear),
      fuse(layerNorm, fusedLayerNorm),
      fuse(gelu, fusedGelu),
      fuse(softmax, fusedSoftmax),
      fuse(logSoftmax, fusedLogSoftmax),
      fuse(attention, fusedAttention),
      fuse(crossEntropy, fusedCrossEntropy),
      fuse(adamwLeaf, fusedAdamw),
    );
  };
