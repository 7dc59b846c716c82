/** Exercises of the chapter on attention. */
import { attention as attentionOp, keyOf, selfAttention } from "deit";
import { drawOf } from "deit/check";
import { exampleOf } from "../example.ts";
import type { Exercise } from "../exercise.ts";

const draw = drawOf(keyOf(3));

/** As many queries as keys, so that a mistake in the axis shows in the values, not in the shapes. */
const oneHead = exampleOf(attentionOp, {
  inputs: { q: draw.array([3, 4]), keys: draw.array([3, 4]), values: draw.array([3, 4]) },
  attrs: () => ({ dropout: null }),
});

/** Constants, as only x is drawn. */
const weights = { Wqkv: draw.array([12, 4]), bqkv: draw.array([12]), Wo: draw.array([4, 4]), bo: draw.array([4]) };

const twoHeads = exampleOf(selfAttention, {
  inputs: {
    x: draw.array([1, 2, 4]),
    params: { qkv: { weight: weights.Wqkv, bias: weights.bqkv }, proj: { weight: weights.Wo, bias: weights.bo } },
  },
  attrs: () => ({ heads: 2, dropout: null }),
});

const names = { q: "q", keys: "keys", values: "values" };

export const attention: readonly Exercise[] = [
  { id: "attention/head", kind: "formula", example: oneHead, names },
  { id: "attention/heads", kind: "formula", example: twoHeads, names: { x: "x" }, constants: weights },
  { id: "attention/gradient", kind: "gradient", example: oneHead, names },
];
