/** Examples of the chapter on patches. */
import { patchEmbed, patches as patchesOp } from "deit";
import { hostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const SIDE = 4;
/** Two channels whose numbers tell the pixel: 0 to 15 in the first, 100 to 115 in the second. */
const counted = Array.from({ length: 2 * SIDE * SIDE }, (_, i) => (i < SIDE * SIDE ? i : i - SIDE * SIDE + 100));

const twoByTwo = { patchSize: 2 };

export const patches = {
  patches: exampleOf(patchesOp, { inputs: { images: hostArray([1, 2, SIDE, SIDE], counted) }, attrs: () => twoByTwo }),
  // a bright right half whose edge runs through the upper patches, and between the lower ones
  patchEmbed: exampleOf(patchEmbed, {
    inputs: {
      images: hostArray([1, 1, SIDE, SIDE], [0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]),
      params: {
        // the mean of a patch, and its right column less its left one
        proj: { weight: hostArray([2, 1, 2, 2], [0.25, 0.25, 0.25, 0.25, -0.5, 0.5, -0.5, 0.5]), bias: hostArray([2], [0, 0.1]) },
      },
    },
    attrs: () => twoByTwo,
  }),
} satisfies Readonly<Record<string, Example>>;
