/** Examples of the chapter on attention. */
import { attention as attentionOp, keyOf, mergeHeads, scores, selfAttention, softmax, splitHeads } from "deit";
import { drawOf, hostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const draw = drawOf(keyOf(7));

// One head of width 4 (so that d^(−½) = ½), two queries and three keys.
const q = hostArray([2, 4], [2, 0, 0, 0, 0, 3, 0, 0]);
const keys = hostArray([3, 4], [2, 0, 0, 0, 0, 2, 0, 0, 1, 1, 0, 0]);
// Three columns show 10 A in the output, and the last the sum of each row of A.
const values = hostArray([3, 4], [10, 0, 0, 1, 0, 10, 0, 1, 0, 0, 10, 1]);

// Two tokens, D = 4, two heads: hundreds tell the token, tens query, key or value, the last digit the column.
const columns = [10, 20, 30].flatMap((part) => [0, 1, 2, 3].map((column) => part + column));
const qkv = hostArray(
  [1, 2, 12],
  [100, 200].flatMap((token) => columns.map((column) => token + column)),
);

export const attention = {
  scores: exampleOf(scores, { inputs: { q, keys }, attrs: () => undefined }),
  // z is the output of the example above
  softmax: exampleOf(softmax, { inputs: { z: hostArray([2, 3], [2, 0, 1, 0, 3, 1.5]) }, attrs: () => undefined }),
  attention: exampleOf(attentionOp, { inputs: { q, keys, values }, attrs: () => ({ dropout: null }) }),
  splitHeads: exampleOf(splitHeads, { inputs: { qkv }, attrs: () => ({ heads: 2 }) }),
  mergeHeads: exampleOf(mergeHeads, {
    inputs: { o: hostArray([1, 2, 2, 2], [100, 101, 200, 201, 102, 103, 202, 203]) },
    attrs: () => undefined,
  }),
  selfAttention: exampleOf(selfAttention, {
    inputs: {
      x: hostArray([1, 3, 2], [1, 0, 0, 1, 1, 1]),
      params: {
        qkv: { weight: draw.array([6, 2]), bias: draw.array([6]) },
        proj: { weight: draw.array([2, 2]), bias: draw.array([2]) },
      },
    },
    attrs: () => ({ heads: 2, dropout: null }),
  }),
} satisfies Readonly<Record<string, Example>>;
