/** Examples of the chapter on tokens and positions. */
import { embed, sineCosine } from "deit";
import { hostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const zeros = (shape: readonly number[]) =>
  hostArray(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0),
  );

/** Tokens and width of the fixed positions. */
const [T, D] = [5, 4];

export const tokens = {
  // two images of two patches; the positions are the digits after the point
  embed: exampleOf(embed, {
    inputs: {
      patches: hostArray([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
      params: {
        cls_token: hostArray([1, 1, 2], [10, 20]),
        dist_token: hostArray([1, 1, 2], [30, 40]),
        pos_embed: hostArray([1, 4, 2], [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4]),
      },
    },
    attrs: () => ({ fixedPosition: null, dropout: null }),
  }),
  // all tokens are 0, so that the output is the positions
  fixedPosition: exampleOf(embed, {
    inputs: { patches: zeros([1, T - 1, D]), params: { cls_token: zeros([1, 1, D]), dist_token: null, pos_embed: null } },
    attrs: (k) => ({ fixedPosition: k.upload([1, T, D], sineCosine(T, D)), dropout: null }),
  }),
} satisfies Readonly<Record<string, Example>>;
