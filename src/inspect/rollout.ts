/**
 * Attention rollout (Abnar & Zuidema 2020, arXiv 2005.00928, section 3): how much each input token contributes to an output token, if only attention and
 * the residual connections mixed tokens.
 *
 *   Ã_l = ½(Ā_l + I)                Ā_l the mean over the heads of A in block l; half of the sum, so that rows sum to 1
 *   R_l = Ã_l Ã_{l−1} ⋯ Ã_1         row i: the shares of all tokens in token i after block l
 */
import { axis } from "../tensor/tensor.ts";
import { meanOverHeads } from "./attention.ts";
import type { Numbers } from "./intermediates.ts";

/** Ã of a block from its A: [B, h, T, T] → [T, T] of the first image. */
export function residualMixing(probs: Numbers): Float64Array {
  const T = axis(probs.shape, -1);
  return meanOverHeads(probs).map((a, i) => (a + (i % (T + 1) === 0 ? 1 : 0)) / 2);
}

/** [n, T] × [T, T] → [n, T] */
function times(rows: Float64Array, matrix: Float64Array): Float64Array {
  const T = Math.sqrt(matrix.length);
  const out = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += T)
    for (let j = 0; j < T; j++) {
      const weight = rows[start + j] ?? NaN;
      for (let c = 0; c < T; c++) out[start + c] = (out[start + c] ?? 0) + weight * (matrix[j * T + c] ?? NaN);
    }
  return out;
}

/**
 * The first rows of R_l.
 *
 * @param mixings Ã₁, …, Ã_l, [T, T] each
 * @param count how many rows: 1 for the class token, 2 to include the distillation token, T for all
 */
export function rollout(mixings: readonly Float64Array[], count: number): readonly Float64Array[] {
  const T = Math.sqrt(mixings[0]?.length ?? 0);
  const identity = Float64Array.from({ length: count * T }, (_, i) => (i % (T + 1) === 0 ? 1 : 0));
  const rows = mixings.reduceRight(times, identity);
  return Array.from({ length: count }, (_, i) => rows.subarray(i * T, (i + 1) * T));
}
