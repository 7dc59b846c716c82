/** The matrix multiplications that `deit bench gemm` times: the forward and both gradients of DeiT's linear layers, and those of attention. */

/**
 * Which factor is stored transposed (T) and which not (N). NT is y = x Wᵀ, the forward of a layer, and the only form that counts in the overall
 * ratio; NN is x̄ = ȳ W, the gradient of its input; TN is W̄ = ȳᵀ x, the gradient of its weight.
 */
export type GemmForm = "NT" | "NN" | "TN";

export interface GemmShape {
  readonly form: GemmForm;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

type LayerSize = readonly [rows: number, inputs: number, outputs: number];

/** qkv, proj, fc1 and fc2 of Ti, then fc1 and fc2 of S and of B. Batches of 8 images have 1584 = 8·198 or 1576 = 8·197 tokens. */
const layers: readonly LayerSize[] = [
  [1584, 192, 576],
  [1584, 192, 192],
  [1584, 192, 768],
  [1584, 768, 192],
  [197, 192, 576],
  [197, 192, 768],
  [197, 768, 192],
  [198, 192, 768],
  [1576, 384, 1536],
  [1576, 1536, 384],
  [1576, 768, 3072],
  [1576, 3072, 768],
];

/** Q Kᵀ and A V of one head of DeiT-Ti⚗. */
const attention: readonly GemmShape[] = [
  { form: "NT", m: 198, k: 64, n: 198 },
  { form: "NN", m: 198, k: 198, n: 64 },
];

export const gemmShapes: readonly GemmShape[] = [
  ...layers.map(([m, k, n]) => ({ form: "NT", m, k, n }) as const),
  ...layers.map(([rows, inputs, outputs]) => ({ form: "NN", m: rows, k: outputs, n: inputs }) as const),
  ...layers.map(([rows, inputs, outputs]) => ({ form: "TN", m: outputs, k: rows, n: inputs }) as const),
  ...attention,
];

/** `[1584×192]·[192×576]`: the shapes of the factors after transposition. */
export const shapeText = ({ m, k, n }: GemmShape): string => `[${m}×${k}]·[${k}×${n}]`;

/** FLOP: each multiply–add is two. */
export const flopOf = ({ m, k, n }: GemmShape): number => 2 * m * k * n;
