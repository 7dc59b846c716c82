/** Examples of the chapter on the block. */
import { block as op, defineOp, keyOf, layerNorm, residual } from "deit";
import type {
  BlockAttrs,
  BlockParams,
  BlockSaved,
  Kernels,
  LayerNormAttrs,
  LayerNormParams,
  LayerNormSaved,
  Op,
  ResidualAttrs,
  Tensor,
} from "deit";
import { drawOf, hostArray, upload, type Host, type HostArray } from "deit/check";
import { settableExampleOf, type Example } from "../example.ts";
import { numberOf, scalar, tensorOf } from "../settings.ts";

/** What the ops of this file differentiate: activations only, so that a page can show all of it. */
interface Activations {
  /** [B, ..., D] */
  readonly x: Tensor;
}

/** x + m ⊙ LN(x) as a function of x. */
const normedResidual: Op<
  Activations,
  { readonly norm: LayerNormSaved; readonly sum: ResidualAttrs },
  LayerNormAttrs & ResidualAttrs & { readonly params: LayerNormParams }
> = defineOp({
  name: "normedResidual",
  shapes: { inputs: { x: "... D" }, out: "... D" },
  forward(k, { x }, { params, eps, multiplier }) {
    const norm = layerNorm.forward(k, { x, params }, { eps });
    const sum = residual.forward(k, { x, branch: norm.out }, { multiplier });
    return { out: sum.out, saved: { norm: norm.saved, sum: sum.saved } };
  },
  vjp(k, saved, dy) {
    const d = residual.vjp(k, saved.sum, dy);
    return { x: k.add(d.x, layerNorm.vjp(k, saved.norm, d.branch).x) };
  },
});

/** A block with fixed parameters, as a function of x. */
const fixedBlock: Op<Activations, BlockSaved, BlockAttrs & { readonly params: BlockParams }> = defineOp({
  name: "block",
  shapes: { inputs: { x: "B T D" }, out: "B T D" },
  forward: (k, { x }, { params, ...attrs }) => op.forward(k, { x, params }, attrs),
  vjp: (k, saved, dy) => ({ x: op.vjp(k, saved, dy).x }),
});

const [D, M] = [3, 6];
const draw = drawOf(keyOf(5));
const linear = (outs: number, ins: number): Host<{ weight: Tensor; bias: Tensor }> => ({
  weight: draw.array([outs, ins], { deviation: 0.5 }),
  bias: draw.array([outs], { deviation: 0.1 }),
});
const unitNorm: Host<LayerNormParams> = { weight: hostArray([D], [1, 1, 1]), bias: hostArray([D], [0, 0, 0]) };
const blockParams: Host<BlockParams> = {
  norm1: unitNorm,
  attn: { qkv: linear(3 * D, D), proj: linear(D, D) },
  norm2: unitNorm,
  mlp: { fc1: linear(M, D), fc2: linear(D, M) },
};

/** ε of DeiT. */
const EPS = 1e-6;
/** So large that an exercise shows where it stands. */
const LARGE_EPS = 0.1;

const epsOf = (_: Kernels, { eps }: { readonly eps: HostArray }): LayerNormAttrs => ({ eps: numberOf(eps) });
const weight = hostArray([D], [1, 2, 1]);
const bias = hostArray([D], [0, 0, 1]);

export const block = {
  layerNorm: settableExampleOf(layerNorm, {
    inputs: { x: hostArray([2, D], [1, 2, 6, 0.01, 0, 0]), params: { weight, bias } },
    settings: { eps: scalar(EPS) },
    attrs: epsOf,
  }),
  residual: settableExampleOf(residual, {
    inputs: { x: hostArray([2, 2], [1, 2, 3, 4]), branch: hostArray([2, 2], [0.5, -1, 0.25, 1]) },
    settings: { multiplier: hostArray([2], [0, 1.25]) },
    attrs: (k, { multiplier }) => ({ multiplier: tensorOf(k, multiplier) }),
  }),
  block: settableExampleOf(fixedBlock, {
    inputs: { x: hostArray([1, 2, D], [1, 0, -1, 0.5, 2, 0]) },
    settings: { "dropPath.attn": hostArray([1], [1]), "dropPath.mlp": hostArray([1], [1]) },
    attrs: (k, s) => ({
      params: upload<BlockParams>(k, blockParams),
      eps: EPS,
      heads: 1,
      dropPath: { attn: tensorOf(k, s["dropPath.attn"]), mlp: tensorOf(k, s["dropPath.mlp"]) },
      dropout: null,
    }),
  }),
  largeEps: settableExampleOf(layerNorm, {
    inputs: { x: hostArray([2, D], [1, 2, 6, 0, 1, 0]), params: { weight, bias } },
    settings: { eps: scalar(LARGE_EPS) },
    attrs: epsOf,
  }),
  normedResidual: settableExampleOf(normedResidual, {
    inputs: { x: hostArray([2, D], [1, 2, 6, 0, 1, 0]) },
    settings: { weight, bias, eps: scalar(LARGE_EPS), multiplier: hostArray([2], [0.5, 1.25]) },
    attrs: (k, s) => ({
      ...epsOf(k, s),
      params: { weight: tensorOf(k, s.weight), bias: tensorOf(k, s.bias) },
      multiplier: tensorOf(k, s.multiplier),
    }),
  }),
} satisfies Readonly<Record<string, Example>>;
