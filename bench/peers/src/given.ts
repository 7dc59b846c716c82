/** What every library is given: DeiT-Ti⚗ at 224, its weights, an image and a batch to learn from. Numbers are hashes of names (recording format, section 4). */
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

/** By timm's names. */
export const weights = (): ReadonlyMap<string, Values> =>
  new Map([...parameterShapes(config)].map(([name, shape]) => [name, drawn(name, shape)]));

/** W of a linear layer, or the patch kernel, which is one of patches. */
export const isMatrix = (name: string): boolean => /(qkv|proj|fc1|fc2|head|head_dist)\.weight$/.test(name);

/** [out, …] → [in, out] */
function turned({ shape: [outputs = 0], data }: Values): Values {
  const inputs = data.length / outputs;
  const turn = Float32Array.from(data, (_, i) => data[(i % outputs) * inputs + Math.floor(i / outputs)] ?? NaN);
  return { shape: [inputs, outputs], data: turn };
}

/** With every matrix as [in, out], for libraries whose products with a transposed operand are slower. */
export const turnedWeights = (): ReadonlyMap<string, Values> =>
  new Map([...weights()].map(([name, values]) => [name, isMatrix(name) ? turned(values) : values]));

/** Normalised, [1, C, S, S]. */
export const image = (): Values => drawn("images", [1, C, S, S]);

/** B, of a training step. */
export const BATCH = 8;
/** η: large enough for the second and third loss to say whether the optimisers agree. */
export const RATE = 5e-4;
/** r_max of (E30), the authors'. */
const DROP_PATH = 0.1;
/** Of the drop path; the same in each step. */
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

/** The multipliers of a block's two branches (E31), B each. */
export interface Multipliers {
  readonly attn: readonly number[];
  readonly mlp: readonly number[];
}

/** Those of each block, as this project's step draws them from `key`. */
export async function dropPath(): Promise<readonly Multipliers[]> {
  const { kernels, read } = referenceEngine();
  const drawnPaths = dropPathMultipliers(kernels, fold(key, "dropPath"), dropPathRates(DROP_PATH, config.depth), BATCH) ?? [];
  return Promise.all(drawnPaths.map(async ({ attn, mlp }) => ({ attn: [...(await read(attn))], mlp: [...(await read(mlp))] })));
}
