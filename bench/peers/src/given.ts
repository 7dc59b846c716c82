/** The input of every library: DeiT-Ti⚗ at 224, its weights, an image and a training batch. Numbers are hashes of names (recording format, section 4). */
import {
  deitConfig,
  dropPathMultipliers,
  dropPathRates,
  fold,
  hashed,
  keyOf,
  parameterShapes,
  referenceEngine,
  type Shape,
} from "./deit.ts";

export interface Values {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}

export const config = deitConfig("deit-tiny-distilled");
const { channels: C, imageSize: S, classes: K } = config;
const SEED = 0;

const drawn = (name: string, shape: Shape): Values => ({ shape, data: Float32Array.from(hashed(name, shape, SEED).data) });

/** The weights, by timm's names. */
export const weights = (): ReadonlyMap<string, Values> =>
  new Map([...parameterShapes(config)].map(([name, shape]) => [name, drawn(name, shape)]));

/** Whether a parameter is W of a linear layer, or the patch kernel, which acts as one. */
export const isMatrix = (name: string): boolean => /(qkv|proj|fc1|fc2|head|head_dist)\.weight$/.test(name);

/** [out, …] → [in, out] */
function turned({ shape: [outputs = 0], data }: Values): Values {
  const inputs = data.length / outputs;
  const turn = Float32Array.from(data, (_, i) => data[(i % outputs) * inputs + Math.floor(i / outputs)] ?? NaN);
  return { shape: [inputs, outputs], data: turn };
}

/** The weights with every matrix as [in, out], for libraries that multiply by a transposed operand more slowly. */
export const turnedWeights = (): ReadonlyMap<string, Values> =>
  new Map([...weights()].map(([name, values]) => [name, isMatrix(name) ? turned(values) : values]));

/** The normalised image, [1, C, S, S]. */
export const image = (): Values => drawn("images", [1, C, S, S]);

/** B, the batch of a training step. */
export const BATCH = 8;
/** η, large enough that the second and third loss show whether the optimisers agree. */
export const RATE = 5e-4;
/** r_max of (E30), as the authors set it. */
const DROP_PATH = 0.1;
/** The key of the drop path, the same in each step. */
export const key = keyOf(SEED);

export interface Batch {
  /** [B, C, S, S] */
  readonly images: Values;
  readonly labels: readonly number[];
  /** z_t, [B, K] */
  readonly teacher: Values;
}

export const batch = (): Batch => ({
  images: drawn("images", [BATCH, C, S, S]),
  labels: Array.from({ length: BATCH }, (_, b) => Math.floor((b * K) / BATCH)),
  teacher: drawn("teacher", [BATCH, K]),
});

/** The multipliers of a block's two branches (E31), [B] each. */
export interface Multipliers {
  readonly attn: readonly number[];
  readonly mlp: readonly number[];
}

/** The multipliers of all blocks, as this project's training step draws them from `key`. */
export async function dropPath(): Promise<readonly Multipliers[]> {
  const { kernels, read } = referenceEngine();
  const drawnPaths = dropPathMultipliers(kernels, fold(key, "dropPath"), dropPathRates(DROP_PATH, config.depth), BATCH) ?? [];
  return Promise.all(drawnPaths.map(async ({ attn, mlp }) => ({ attn: [...(await read(attn))], mlp: [...(await read(mlp))] })));
}
