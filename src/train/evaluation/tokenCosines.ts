/**
 * How similar the class token and the distillation token are in each layer: their cosine, averaged over images (deit.md 9.5).
 *
 *   c(a, b) = ⟨a, b⟩/(‖a‖ ‖b‖)
 *   with positions       c(X_l[0], X_l[1])                             X₀ = tokens + positions, X_l the output of block l − 1
 *   without positions    c(X_l[0] − pos[0], X_l[1] − pos[1])           the sum of the tokens and the blocks' branches
 *
 * The paper does not say which of the two it shows. Without positions, X₀ is the learned tokens themselves.
 */
import type { Batches } from "../../data/loader/batch.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { deitLogits, type DeitParams } from "../../model/deit.ts";
import { inference, observe, outputs } from "../../ops/observe.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { deitAttrs } from "../step/deitTask.ts";
import type { Deit } from "./evaluate.ts";
import { uploadBatch } from "../step/uploadBatch.ts";

/** Cosines of the class and the distillation token. */
export interface TokenCosines {
  /** Between the learned tokens. */
  readonly input: number;
  /** Between the tokens plus their positions. */
  readonly positioned: number;
  /** At the output of each block. */
  readonly blocks: readonly number[];
  /** The same after the tokens' position vectors have been subtracted. */
  readonly blocksWithoutPositions: readonly number[];
}

type Numbers = Float64Array | Float32Array;

/** c(a, b) */
function cosine(a: Numbers, b: Numbers): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    [ab, aa, bb] = [ab + x * y, aa + x * x, bb + y * y];
  }
  return ab / Math.sqrt(aa * bb);
}

/** The l of the X_l that a tap (a named intermediate) holds; null if it holds something else. */
function layerOf(path: string): number | null {
  if (path === "embed") return 0;
  const block = /^blocks\.(\d+)$/.exec(path)?.[1];
  return block === undefined ? null : 1 + Number(block);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The cosine of each image's pair of tokens, [B, 2, D]. */
function cosinesOf(pairs: Numbers, D: number): readonly number[] {
  const images = Array.from({ length: pairs.length / (2 * D) }, (_, b) => b * 2 * D);
  return images.map((start) => cosine(pairs.subarray(start, start + D), pairs.subarray(start + D, start + 2 * D)));
}

/** The first two tokens of [B, T, D]. */
const firstTwo = (k: Kernels, x: Tensor): Tensor => k.slice(x, 1, 0, 2);

/** The positions of the two tokens, [2, D]. */
function positionsOf(k: Kernels, { pos_embed }: DeitParams, fixed: Tensor | null): Tensor {
  const pos = pos_embed ?? fixed;
  if (pos === null) throw new RangeError("tokenCosines: a model without pos_embed needs a fixed position");
  return k.reshape(firstTwo(k, pos), [2, axis(pos.shape, -1)]);
}

/** The cosines averaged over all images; null for a plain model, which has no distillation token. */
export async function tokenCosines(engine: Engine, { config, params }: Deit, batches: Batches): Promise<TokenCosines | null> {
  const { depth, width: D } = config;
  if (params.dist_token === null) return null;
  const input = cosine(await engine.read(params.cls_token), await engine.read(params.dist_token));
  const listPerLayer = (): number[][] => Array.from({ length: 1 + depth }, () => []);
  const [layers, withoutPositions] = [listPerLayer(), listPerLayer()];
  for await (const batch of batches) {
    const reads: Promise<unknown>[] = [];
    const k = inference(engine.kernels);
    const note = (pairs: Tensor, cosines: number[] | undefined): unknown =>
      reads.push(engine.read(pairs).then((values) => cosines?.push(...cosinesOf(values, D))));
    k.region("tokenCosines", () => {
      const attrs = deitAttrs(k, config);
      const positions = positionsOf(k, params, attrs.fixedPosition);
      const visit = (path: string, x: Tensor): void => {
        const layer = layerOf(path);
        if (layer === null) return;
        const pairs = firstTwo(k, x);
        note(pairs, layers[layer]);
        note(k.sub(pairs, positions), withoutPositions[layer]);
      };
      deitLogits.forward(observe(k, outputs(visit)), { images: uploadBatch(k, batch).images, params }, attrs);
      return null;
    });
    await Promise.all(reads);
  }
  const [positioned = NaN, ...blocks] = layers.map(mean);
  return { input, positioned, blocks, blocksWithoutPositions: withoutPositions.slice(1).map(mean) };
}
