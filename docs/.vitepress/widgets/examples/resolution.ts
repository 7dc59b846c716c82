/** Examples of the chapter on resolution. */
import { keyOf, positionResize, resizeMatrix, type Grid } from "deit";
import { drawOf, hostArray, type HostArray } from "deit/check";
import { exampleOf, type Example } from "../example.ts";

const draw = drawOf(keyOf(13));

const D = 2;

const resizing = (from: Grid, to: Grid, prefix: number): Example =>
  exampleOf(positionResize, { inputs: { pos: draw.array([1, prefix + from[0] * from[1], D]) }, attrs: () => ({ from, to, prefix }) });

/** R, [m, n], for a reader. */
export const matrix = (n: number, m: number): HostArray => hostArray([m, n], resizeMatrix(n, m));

export const resolution = {
  resize: exampleOf(positionResize, {
    inputs: { pos: hostArray([1, 5, 1], [9, 1, 2, 3, 4]) },
    attrs: () => ({ from: [2, 2] as const, to: [3, 3] as const, prefix: 1 }),
  }),
  "resize-prefix": resizing([2, 2], [3, 3], 2),
  "resize-line": resizing([4, 1], [6, 1], 0),
  "resize-oblong": resizing([2, 3], [3, 4], 1),
} satisfies Readonly<Record<string, Example>>;
