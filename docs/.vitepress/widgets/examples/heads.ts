/** Examples of the chapter on the heads: three classes. */
import { classifierHeads, defineOp, meanOfLogits, sumOfSoftmax } from "deit";
import type { HeadsInputs, HeadsSaved, MeanSaved, Op } from "deit";
import { hostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";
import { row } from "../settings.ts";

/** Both heads and the mean of their logits, as a network is asked at test time. */
const fusedHeads: Op<HeadsInputs, { readonly heads: HeadsSaved; readonly mean: MeanSaved }> = defineOp({
  name: "fusedHeads",
  shapes: { inputs: { z: "B T D" }, out: "B K" },
  forward(k, inputs) {
    const heads = classifierHeads.forward(k, inputs);
    const mean = meanOfLogits.forward(k, heads.out);
    return { out: mean.out, saved: { heads: heads.saved, mean: mean.saved } };
  },
  vjp: (k, saved, dOut) => classifierHeads.vjp(k, saved.heads, meanOfLogits.vjp(k, saved.mean, dOut)),
});

const params = {
  head: { weight: hostArray([3, 2], [1, 0, 0, 1, -1, -1]), bias: hostArray([3], [0, 0, 0.5]) },
  head_dist: { weight: hostArray([3, 2], [2, 0, 0, 0.5, 1, -1]), bias: hostArray([3], [0, 0.5, 0]) },
};

/** The counterexample of deit.md 2.6: the two rules of fusion decide differently. */
const logits = { head: row(6, 0, 0), head_dist: row(-10, 0.1, 0) };
const none = (): void => undefined;

export const heads = {
  classifierHeads: exampleOf(classifierHeads, { inputs: { z: hostArray([1, 3, 2], [1, 0.5, -1, 2, 3, 3]), params }, attrs: none }),
  fusedHeads: exampleOf(fusedHeads, { inputs: { z: hostArray([2, 3, 2], [1, 0, 0, 1, 2, 2, 0, 1, 1, 0, 3, 3]), params }, attrs: none }),
  meanOfLogits: exampleOf(meanOfLogits, { inputs: logits, attrs: none }),
  sumOfSoftmax: exampleOf(sumOfSoftmax, { inputs: logits, attrs: none }),
} satisfies Readonly<Record<string, Example>>;
