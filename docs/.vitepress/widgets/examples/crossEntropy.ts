/** Examples of the chapter on cross-entropy, with three classes. */
import { crossEntropy as op, defineOp, logSoftmax, smoothOverAll, smoothOverOthers } from "deit";
import type { CrossEntropyAttrs, Kernels, LogSoftmaxInputs, LogSoftmaxSaved, Op } from "deit";
import { hostArray } from "deit/check";
import { exampleOf, settableExampleOf, type Example } from "../example.ts";
import { numberOf, row, scalar, tensorOf } from "../settings.ts";

/** Times this, logits of ordinary size are so large that their exponentials overflow. */
const STEEP = 300;

/** ℓ(300 z) */
const steepLogSoftmax: Op<LogSoftmaxInputs, LogSoftmaxSaved> = defineOp({
  name: "steepLogSoftmax",
  shapes: { inputs: { z: "... K" }, out: "... K" },
  forward: (k, { z }) => logSoftmax.forward(k, { z: k.scale(z, STEEP) }),
  vjp: (k, saved, dOut) => ({ z: k.scale(logSoftmax.vjp(k, saved, dOut).z, STEEP) }),
});

const confident = row(4, 0, 0);
const label = { label: hostArray([1], [0]), eps: scalar(0.1) };
const classes = 3;

const smoothedBy =
  (smooth: typeof smoothOverAll) =>
  (k: Kernels, s: typeof label): CrossEntropyAttrs => ({ target: smooth(k, tensorOf(k, s.label), classes, numberOf(s.eps)) });

const against = (k: Kernels, { target }: { readonly target: Parameters<typeof tensorOf>[1] }): CrossEntropyAttrs => ({
  target: tensorOf(k, target),
});

export const crossEntropy = {
  logSoftmax: exampleOf(logSoftmax, { inputs: { z: row(2, 0, 1) }, attrs: () => undefined }),
  steepLogSoftmax: exampleOf(steepLogSoftmax, { inputs: { z: row(2, 0, 1) }, attrs: () => undefined }),
  crossEntropy: settableExampleOf(op, {
    inputs: { logits: hostArray([2, 3], [2, 1, 0, 0, 0, 0]) },
    settings: { target: hostArray([2, 3], [1, 0, 0, 0, 0, 1]) },
    attrs: against,
  }),
  weighted: settableExampleOf(op, {
    inputs: { logits: hostArray([2, 3], [2, 1, 0, 0, 0, 0]) },
    settings: { target: hostArray([2, 3], [2, 0, 0, 0, 0.25, 0.25]) },
    attrs: against,
  }),
  smoothed: settableExampleOf(op, { inputs: { logits: confident }, settings: label, attrs: smoothedBy(smoothOverAll) }),
  smoothedOverOthers: settableExampleOf(op, { inputs: { logits: confident }, settings: label, attrs: smoothedBy(smoothOverOthers) }),
} satisfies Readonly<Record<string, Example>>;
