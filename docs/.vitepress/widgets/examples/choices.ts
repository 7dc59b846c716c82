/** Examples of the chapter on the disputed choices. */
import { crossEntropy, keyOf, smoothOverAll, softmax, sumOfSoftmax } from "deit";
import { drawOf, hostArray, type HostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const draw = drawOf(keyOf(14));

/** The labels of an exercise. */
export const labels: HostArray = hostArray([3], [0, 3, 1]);

export const choices = {
  "softmax-rows": exampleOf(softmax, { inputs: { z: draw.array([2, 3]) }, attrs: () => undefined }),
  "smoothed-loss": exampleOf(crossEntropy, {
    inputs: { logits: draw.array([3, 4]) },
    attrs: (k) => ({ target: smoothOverAll(k, k.upload(labels.shape, labels.data), 4, 0.1) }),
  }),
  "sum-of-softmax": exampleOf(sumOfSoftmax, {
    inputs: { head: hostArray([1, 3], [6, 0, 0]), head_dist: hostArray([1, 3], [-10, 0.1, 0]) },
    attrs: () => undefined,
  }),
} satisfies Readonly<Record<string, Example>>;
