/** Exercises of the chapter on GELU and the feed-forward network. */
import { feedForward as examples } from "../examples/feedForward.ts";
import type { Exercise } from "../exercise.ts";

export const feedForward: readonly Exercise[] = [{ id: "feed-forward/slope", kind: "gradient", example: examples.gelu, names: { x: "x" } }];
