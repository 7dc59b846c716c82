/** Ops at the sizes of DeiT-Ti⚗ and batch 1, with long sums and full tiles. */
import { subjectOf, type Subject } from "../../src/check/laws/subject.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { attention } from "../../src/ops/attention.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { layerNorm } from "../../src/ops/layerNorm.ts";
import { linear } from "../../src/ops/linear.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { tiny } from "../../src/bench/opBench.ts";

const { T, D, h, d, M, K } = tiny;
const EPS = 1e-6;

/** The subjects. They have no expected output, so that they are compared with the reference engine only. */
export const sizedSubjects: readonly Subject[] = [
  subjectOf(linear, (draw) => {
    const params = { weight: draw.array([M, D], { deviation: D ** -0.5 }), bias: draw.array([M]) };
    return { inputs: { x: draw.array([T, D]), params }, attrs: () => undefined };
  }),
  subjectOf(layerNorm, (draw) => {
    const params = { weight: draw.array([D], { mean: 1, deviation: 0.5 }), bias: draw.array([D]) };
    return { inputs: { x: draw.array([T, D]), params }, attrs: () => ({ eps: EPS }) };
  }),
  subjectOf(softmax, (draw) => ({ inputs: { z: draw.array([h, T, T]) }, attrs: () => undefined })),
  subjectOf(gelu, (draw) => ({ inputs: { x: draw.array([T, M]) }, attrs: () => undefined })),
  subjectOf(attention, (draw) => {
    const [q, k, v] = [draw.array([h, T, d]), draw.array([h, T, d]), draw.array([h, T, d])];
    return { inputs: { q, keys: k, values: v }, attrs: () => ({ dropout: null }) };
  }),
  subjectOf(crossEntropy, (draw) => {
    const [logits, target] = [draw.array([1, K]), draw.distribution([1, K])];
    return { inputs: { logits }, attrs: (k) => ({ target: k.upload(target.shape, target.data) }) };
  }),
].map((subject) => ({ ...subject, name: `${subject.name}, sized` }));
