/**
 * Drop path (stochastic depth): a sample skips a whole residual branch. `residual` applies the multipliers that are drawn here.
 *
 *   (E30)  r_i = r_max · i/(L − 1),  i = 0 … L − 1                 L = 1: r_0 = 0
 *   (E31)  multiplier of a sample and branch: 0 with probability r_i, else 1/(1 − r_i)
 */
import type { Kernels } from "../kernels/kernels.ts";
import { fold, type Key } from "../tensor/key.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { keepMask } from "./keepMask.ts";

/** Rates of the L blocks, rising linearly from 0 to `rMax` (E30). DeiT: 0.1. */
export const dropPathRates = (rMax: number, L: number): readonly number[] =>
  Array.from({ length: L }, (_, i) => (L === 1 ? 0 : (rMax * i) / (L - 1)));

/** The multipliers of one block's branches, [B] each. */
export interface Multipliers {
  /** For the attention branch, [B]. */
  readonly attn: Tensor;
  /** For the MLP branch, [B]. */
  readonly mlp: Tensor;
}

/** Independent draws for each block, branch and sample (E31); null if every rate is 0. Sample b takes draw b of its branch's key. */
export function dropPathMultipliers(k: Kernels, key: Key, rates: readonly number[], B: number): readonly Multipliers[] | null {
  if (rates.every((rate) => rate === 0)) return null;
  return rates.map((rate, i) => ({
    attn: keepMask.run(k, null, { key: fold(key, `blocks.${i}.attn`), shape: [B], rate }),
    mlp: keepMask.run(k, null, { key: fold(key, `blocks.${i}.mlp`), shape: [B], rate }),
  }));
}
