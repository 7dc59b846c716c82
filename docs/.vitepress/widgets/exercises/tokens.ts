/** Exercises of the chapter on tokens and positions. */
import { embed, keyOf, sineCosine } from "deit";
import { drawOf } from "deit/check";
import { exampleOf } from "../example.ts";
import type { Exercise } from "../exercise.ts";

const draw = drawOf(keyOf(2));

/** Images, patches of each, width. */
const [B, N, D] = [2, 2, 4];

const distilled = exampleOf(embed, {
  inputs: {
    patches: draw.array([B, N, D]),
    params: { cls_token: draw.array([1, 1, D]), dist_token: draw.array([1, 1, D]), pos_embed: draw.array([1, N + 2, D]) },
  },
  attrs: () => ({ fixedPosition: null, dropout: null }),
});

/** A plain model with fixed positions. */
const fixed = exampleOf(embed, {
  inputs: { patches: draw.array([B, N, D]), params: { cls_token: draw.array([1, 1, D]), dist_token: null, pos_embed: null } },
  attrs: (k) => ({ fixedPosition: k.upload([1, N + 1, D], sineCosine(N + 1, D)), dropout: null }),
});

const names = { patches: "patches", cls: "params.cls_token", dist: "params.dist_token", pos: "params.pos_embed" };

export const tokens: readonly Exercise[] = [
  { id: "tokens/prefix", kind: "formula", example: distilled, names },
  { id: "tokens/sines", kind: "formula", example: fixed, names: { patches: "patches", cls: "params.cls_token" } },
  { id: "tokens/gradient", kind: "gradient", example: distilled, names },
];
