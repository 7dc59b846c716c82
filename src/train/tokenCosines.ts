/** How alike the class and the distillation token are, layer by layer: their cosine, averaged over images (deit.md 9.5). */
import type { HostBatch } from "../data/batches.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import { inference, observe } from "../ops/observe.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";
import { deitAttrs } from "./deitTask.ts";
import type { Deit } from "./evaluate.ts";
import { uploadBatch } from "./uploadBatch.ts";

export interface TokenCosines {
  /** Of the two learned tokens. */
  readonly input: number;
  /** With their positions added. */
  readonly positioned: number;
  /** At the output of each block. */
  readonly blocks: readonly number[];
}

type Numbers = Float64Array | Float32Array;

/** ⟨a, b⟩/(‖a‖ ‖b‖) */
function cosine(a: Numbers, b: Numbers): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    [ab, aa, bb] = [ab + x * y, aa + x * x, bb + y * y];
  }
  return ab / Math.sqrt(aa * bb);
}

/** The taps of X₀, …, X_L, and the place of each. */
function layerOf(path: string): number | null {
  if (path === "embed") return 0;
  const block = /^blocks\.(\d+)$/.exec(path)?.[1];
  return block === undefined ? null : 1 + Number(block);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The two first tokens of X, [B, T, D], image by image. */
function cosinesOf(pairs: Numbers, D: number): readonly number[] {
  const images = Array.from({ length: pairs.length / (2 * D) }, (_, b) => b * 2 * D);
  return images.map((start) => cosine(pairs.subarray(start, start + D), pairs.subarray(start + D, start + 2 * D)));
}

/** null: a plain model. */
export async function tokenCosines(engine: Engine, { config, params }: Deit, batches: Iterable<HostBatch>): Promise<TokenCosines | null> {
  const { depth, width: D } = config;
  if (params.dist_token === null) return null;
  const input = cosine(await engine.read(params.cls_token), await engine.read(params.dist_token));
  const layers = Array.from({ length: 1 + depth }, (): number[] => []);
  for (const batch of batches) {
    const reads: Promise<unknown>[] = [];
    const quiet = inference(engine.kernels);
    const show = (x: Tensor, layer: number): void => {
      const pairs = engine.read(quiet.slice(x, 1, 0, 2));
      reads.push(pairs.then((values) => layers[layer]?.push(...cosinesOf(values, D))));
    };
    const k = observe(quiet, {
      after: ({ phase, path }, out) => {
        const layer = layerOf(path);
        if (phase === "forward" && layer !== null && typeof out === "object" && out !== null && isTensor(out)) show(out, layer);
      },
    });
    k.region("tokenCosines", () => {
      deitLogits.forward(k, { images: uploadBatch(k, batch).images, params }, deitAttrs(k, config));
      return null;
    });
    await Promise.all(reads);
  }
  const [positioned = NaN, ...blocks] = layers.map(mean);
  return { input, positioned, blocks };
}
