/** The dot product behind one cell of attention, read from the intermediate values of the forward pass (E6, E7). */
import { intermediate, type Intermediates } from "#deit/inspect/intermediates.js";
import { tokenCount, type DeitConfig } from "#deit/index.js";

/** A cell of attention: which token looks at which. */
export interface Cell {
  readonly block: number;
  readonly head: number;
  /** Index of the token whose query it is. */
  readonly from: number;
  /** Index of the token whose key it is. */
  readonly to: number;
}

/** What made the cell. */
export interface DotProduct {
  /** The query, d numbers. */
  readonly query: readonly number[];
  /** The key, d numbers. */
  readonly key: readonly number[];
  /** S of the cell, the scaled dot product. */
  readonly score: number;
  /** A of the cell, the share of attention. */
  readonly probability: number;
}

/** The numbers behind a cell, of the first image. */
export function dotProduct(all: Intermediates, config: DeitConfig, { block, head, from, to }: Cell): DotProduct {
  const { width: D, heads } = config;
  const [T, d] = [tokenCount(config), D / heads];
  const qkv = intermediate(all, `blocks.${block}.attn.qkv`).data;
  const row = (token: number, part: number): readonly number[] => {
    const begin = token * 3 * D + part * D + head * d;
    return Array.from(qkv.subarray(begin, begin + d));
  };
  const at = (head * T + from) * T + to;
  return {
    query: row(from, 0),
    key: row(to, 1),
    score: intermediate(all, `blocks.${block}.attn.scores`).data[at] ?? NaN,
    probability: intermediate(all, `blocks.${block}.attn.probs`).data[at] ?? NaN,
  };
}
