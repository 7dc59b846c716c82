/** Exercises of the chapter on GELU and the feed-forward network. */
import { feedForward as examples } from "../examples/feedForward.ts";
import type { Exercise } from "../exercise.ts";

export const feedForward: readonly Exercise[] = [
  { id: "feed-forward/gelu", kind: "formula", example: examples.gelu, names: { x: "x" } },
  { id: "feed-forward/slope", kind: "gradient", example: examples.gelu, names: { x: "x" } },
  {
    id: "feed-forward/network",
    kind: "gradient",
    example: examples.mlp,
    names: { x: "x", W1: "params.fc1.weight", b1: "params.fc1.bias", W2: "params.fc2.weight", b2: "params.fc2.bias" },
  },
];
