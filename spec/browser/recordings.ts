/** The recordings that are verified on pages, by their paths in fixtures. */
export const recordings: readonly string[] = [
  "tiny-plain-f64",
  "tiny-distilled-hard-f64",
  "tiny-distilled-soft-f64",
  "tiny-distilled-fused-f64",
  "tiny-plain-soft-class-mixed-f64",
  "odd-sizes-distilled-f64",
].map((name) => `recordings/${name}.safetensors`);
