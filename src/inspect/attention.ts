/** Extracts the attention of the prefix tokens to the patches: their rows of A (E7), without the columns of the prefix tokens. */
import { patchCount, prefixCount, type DeitConfig } from "../model/config.ts";
import { axis } from "../tensor/tensor.ts";
import { intermediate, type Intermediates, type Numbers } from "./intermediates.ts";

/** The tokens before the patches, in their order. */
export const prefixTokens = ["class", "distillation"] as const;
export type PrefixToken = (typeof prefixTokens)[number];

/** The attention of one token to the patches. */
export interface TokenMap {
  readonly token: PrefixToken;
  /** The probabilities of the N patches, row by row. */
  readonly patches: Float64Array;
  /** Their sum; the rest, up to 1, goes to the prefix tokens. */
  readonly share: number;
}

/** The maps of one head, or of the mean over all heads. */
export interface HeadMaps {
  readonly head: number | "mean";
  /** The class token, then the distillation token if there is one. */
  readonly tokens: readonly TokenMap[];
}

/** The maps of a block: the mean first, then head by head. */
export type LayerMaps = readonly HeadMaps[];

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** The map of a token from its row over all T tokens, the last N of which are patches. */
export function tokenMap(token: PrefixToken, row: Float64Array, N: number): TokenMap {
  const patches = row.subarray(row.length - N);
  return { token, patches, share: sum(patches) };
}

/** The row of token `from` in the T × T matrix of a head. */
function rowOf({ shape, data }: Numbers, head: number, from: number): Float64Array {
  const T = axis(shape, -1);
  const start = (head * T + from) * T;
  return Float64Array.from(data.subarray(start, start + T));
}

/** The mean over the heads of the first image's A, [B, h, T, T] → [T, T]. */
export function meanOverHeads({ shape, data }: Numbers): Float64Array {
  const [h, T] = [axis(shape, -3), axis(shape, -1)];
  const mean = new Float64Array(T * T);
  for (let head = 0; head < h; head++) for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (data[head * T * T + i] ?? NaN) / h;
  return mean;
}

/** A of each block, [B, h, T, T]. */
export const probabilities = (all: Intermediates, { depth }: DeitConfig): readonly Numbers[] =>
  Array.from({ length: depth }, (_, i) => intermediate(all, `blocks.${i}.attn.probs`));

/** The maps of the first image, block by block. */
export function attentionMaps(all: Intermediates, config: DeitConfig): readonly LayerMaps[] {
  const [N, P] = [patchCount(config), prefixCount(config)];
  const own = prefixTokens.slice(0, P);
  return probabilities(all, config).map((probs) => {
    const mean = { shape: [1, N + P, N + P], data: meanOverHeads(probs) };
    const maps = (from: Numbers, head: number): HeadMaps["tokens"] => own.map((token, i) => tokenMap(token, rowOf(from, head, i), N));
    const heads = Array.from({ length: config.heads }, (_, head) => ({ head, tokens: maps(probs, head) }));
    return [{ head: "mean", tokens: maps(mean, 0) }, ...heads];
  });
}
