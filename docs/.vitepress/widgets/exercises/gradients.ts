/** Exercises of the chapter on gradients. */
import { attention, layerNorm, linear } from "deit";
import { hostArray, type HostArray } from "deit/check";
import { exampleOf } from "../example.ts";
import type { Exercise } from "../exercise.ts";

/** Only the shape matters: the judge draws the numbers. */
const shaped = (...shape: readonly number[]): HostArray => hostArray(shape, new Float64Array(shape.reduce((n, length) => n * length, 1)));

export const gradients: readonly Exercise[] = [
  {
    id: "gradients/linear",
    kind: "gradient",
    example: exampleOf(linear, { inputs: { x: shaped(3, 2), params: { weight: shaped(4, 2), bias: shaped(4) } }, attrs: () => undefined }),
    names: { x: "x", weight: "params.weight", bias: "params.bias" },
  },
  {
    id: "gradients/layer-norm",
    kind: "gradient",
    example: exampleOf(layerNorm, {
      inputs: { x: shaped(3, 4), params: { weight: shaped(4), bias: shaped(4) } },
      attrs: () => ({ eps: 1e-6 }),
    }),
    names: { x: "x", gamma: "params.weight", beta: "params.bias" },
  },
  {
    id: "gradients/attention",
    kind: "gradient",
    example: exampleOf(attention, {
      inputs: { q: shaped(2, 2), keys: shaped(3, 2), values: shaped(3, 2) },
      attrs: () => ({ dropout: null }),
    }),
    names: { q: "q", keys: "keys", values: "values" },
  },
];
