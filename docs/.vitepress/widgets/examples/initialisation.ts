/** Examples of the chapter on initial weights and regularisers. */
import { dropout, keyOf, residual } from "deit";
import { hostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

export const initialisation = {
  "initialisation/dropout": exampleOf(dropout, {
    inputs: { x: hostArray([2, 3], [1, 2, 3, 4, 5, 6]) },
    attrs: () => ({ rate: 0.5, key: keyOf(3) }),
  }),
  "initialisation/residual": exampleOf(residual, {
    inputs: { x: hostArray([3, 2], [1, 1, 1, 1, 1, 1]), branch: hostArray([3, 2], [0.5, -0.5, 0.5, -0.5, 0.5, -0.5]) },
    attrs: (k) => ({ multiplier: k.upload([3], [0, 1 / 0.9, 1 / 0.9]) }),
  }),
} satisfies Readonly<Record<string, Example>>;
