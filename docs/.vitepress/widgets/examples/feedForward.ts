/** Examples of the chapter on GELU and the feed-forward network. */
import { gelu, keyOf, mlp } from "deit";
import { drawOf, hostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const draw = drawOf(keyOf(4));

export const feedForward = {
  gelu: exampleOf(gelu, { inputs: { x: hostArray([5], [-3, -1, 0, 1, 3]) }, attrs: () => undefined }),
  mlp: exampleOf(mlp, {
    inputs: {
      x: draw.array([1, 2, 2]),
      params: {
        fc1: { weight: draw.array([4, 2]), bias: draw.array([4]) },
        fc2: { weight: draw.array([2, 4]), bias: draw.array([2]) },
      },
    },
    attrs: () => ({ dropout: null }),
  }),
} satisfies Readonly<Record<string, Example>>;
