/** Exercises of the chapter on resolution. */
import { matrix, resolution as examples } from "../examples/resolution.ts";
import type { Exercise } from "../exercise.ts";

export const resolution: readonly Exercise[] = [
  { id: "resolution/prefix", kind: "formula", example: examples["resize-prefix"], names: { pos: "pos" }, constants: { R: matrix(2, 3) } },
  { id: "resolution/cubic", kind: "formula", example: examples["resize-line"], names: { pos: "pos" } },
  {
    id: "resolution/gradient",
    kind: "gradient",
    example: examples["resize-oblong"],
    names: { pos: "pos" },
    constants: { R: matrix(2, 3), C: matrix(3, 4) },
  },
];
