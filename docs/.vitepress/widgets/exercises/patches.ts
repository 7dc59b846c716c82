/** Exercises of the chapter on patches. */
import { keyOf, patchEmbed, patches as patchesOp } from "deit";
import { drawOf } from "deit/check";
import { exampleOf } from "../example.ts";
import type { Exercise } from "../exercise.ts";

const draw = drawOf(keyOf(1));

/** An image of two channels, with four patches. */
const images = draw.array([1, 2, 4, 4]);
const proj = { weight: draw.array([3, 2, 2, 2]), bias: draw.array([3]) };
const embedding = exampleOf(patchEmbed, { inputs: { images, params: { proj } }, attrs: () => ({ patchSize: 2 }) });

const names = { images: "images", weight: "params.proj.weight", bias: "params.proj.bias" };

export const patches: readonly Exercise[] = [
  {
    id: "patches/cut",
    kind: "formula",
    example: exampleOf(patchesOp, { inputs: { images }, attrs: () => ({ patchSize: 2 }) }),
    names: { images: "images" },
  },
  { id: "patches/convolution", kind: "formula", example: embedding, names },
  { id: "patches/gradient", kind: "gradient", example: embedding, names },
];
