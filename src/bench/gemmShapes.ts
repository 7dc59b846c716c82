/** The matrix products of DeiT that `deit bench gemm` times: each linear layer forwards and backwards, and those of attention. */

/**
 * Which factor is stored transposed: NT is y = x Wᵀ, a layer's forward and the only form that counts in the overall ratio; NN is
 * x̄ = ȳ W, its input gradient; TN is W̄ = ȳᵀ x, its weight gradient.
 */
export type Form = "NT" | "NN" | "TN";

export interface Product {
  readonly form: Form;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Rows, inputs, outputs. */
type LayerSize = readonly [rows: number, inputs: number, outputs: number];

/** 1584 = 8·198 and 1576 = 8·197 tokens are batches of 8 images; qkv, proj, fc1 and fc2 of Ti, then fc1 and fc2 of S and of B. */
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

/** Of one head of DeiT-Ti⚗: Q Kᵀ and A V. */
const attention: readonly Product[] = [
  { form: "NT", m: 198, k: 64, n: 198 },
  { form: "NN", m: 198, k: 198, n: 64 },
];

export const products: readonly Product[] = [
  ...layers.map(([m, k, n]) => ({ form: "NT", m, k, n }) as const),
  ...layers.map(([rows, inputs, outputs]) => ({ form: "NN", m: rows, k: outputs, n: inputs }) as const),
  ...layers.map(([rows, inputs, outputs]) => ({ form: "TN", m: outputs, k: rows, n: inputs }) as const),
  ...attention,
];

/** `[1584×192]·[192×576]`, the factors as the product sees them. */
export const shapeText = ({ m, k, n }: Product): string => `[${m}×${k}]·[${k}×${n}]`;

/** A multiplication and an addition each. */
export const flopOf = ({ m, k, n }: Product): number => 2 * m * k * n;
