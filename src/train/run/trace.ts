/**
 * Finds out why the loss of a step is not finite. The batch is saved; the smallest part of it that fails is looked for on the run's own engine; then
 * the step of that part runs again on the reference engine, and the first tensor that is not finite, or too large for the run's precision, is named.
 *
 *   RUN/failures/step-N/batch.safetensors      images, target, teacher (if there is one), samples, key
 *   RUN/failures/step-N/trace.json             what was found
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../../io/disk/durable.ts";
import { saveSafetensors } from "../../io/safetensors/save.ts";
import type { Stored, Writable } from "../../io/weights/stored.ts";
import { uploadTree } from "../../io/weights/trees.ts";
import type { Engine, Precision } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import { size, type Shape, type Tensor } from "../../tensor/tensor.ts";
import type { Batch } from "../step/task.ts";
import { smallestPart, type Part } from "../trace/smallestPart.ts";
import { firstBad, type Found, type LossAndGrads } from "../trace/trace.ts";
import type { Model } from "./state.ts";
import { foundText } from "./traceText.ts";

/** Numbers on the host, row-major. */
export interface HostNumbers {
  readonly shape: Shape;
  readonly data: Float64Array | Float32Array;
}

/** The batch of a step on the host, as the task got it. */
export interface HostMixed {
  /** [B, C, S, S], augmented, normalised, erased and mixed. */
  readonly images: HostNumbers;
  /** q, [B, K]. */
  readonly target: HostNumbers;
  /** z_t, [B, K]; null: no teacher. */
  readonly teacher: HostNumbers | null;
  /** The index of each image in its set, B of them. */
  readonly samples: readonly number[];
}

/** A step whose loss is not finite. */
export interface FailedStep<Params, Buffers> {
  /** The run's folder. */
  readonly directory: string;
  /** Steps done with this one, as the metrics count them. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  /** What was read. */
  readonly loss: number;
  /** The engine on which it failed. */
  readonly engine: Pick<Engine, "name" | "precision">;
  /** The state before the step, as `readTree` reads it. */
  readonly state: ReadonlyMap<string, Stored>;
  /** Parameters and buffers of these names and shapes, with any values. */
  readonly initial: (k: Kernels) => Model<Params, Buffers>;
  readonly lossAndGrads: LossAndGrads<Params, Buffers>;
  readonly batch: HostMixed;
  /** The key of the step. */
  readonly key: Key;
  /** The cotangent of the loss; 1 if the loss is not scaled. */
  readonly lossScale: number;
  /** The loss of a part of the batch, on the engine on which it failed. */
  readonly lossOf: (part: Part) => Promise<number>;
  /** Multiply-adds of the forward and backward pass of one image. */
  readonly macs: number;
}

/** The largest number of each precision. */
const LARGEST: { readonly [P in Precision]: number } = { f16: 65_504, f32: (2 - 2 ** -23) * 2 ** 127, f64: Number.MAX_VALUE };

/** The most multiply-adds that the reference engine repeats, in about two minutes; a single image is repeated in any case. */
const MOST_MACS = 6e10;

/** What a failure was traced to. */
export interface Trace {
  /** The tensor; its image is counted within the whole batch. null: none was found. */
  readonly found: Found | null;
  /** The smallest part of the batch that failed again on its own engine; null: not even the whole batch did. */
  readonly failing: Part | null;
  /** What the reference engine repeated. */
  readonly repeated: Part;
}

const asStored = ({ shape, data }: HostNumbers): Writable =>
  data instanceof Float64Array ? { dtype: "F64", shape, data } : { dtype: "F32", shape, data };

const integers = (values: readonly number[]): Writable => ({
  dtype: "I64",
  shape: [values.length],
  data: BigInt64Array.from(values, (value) => BigInt(value)),
});

/** Writes the batch. */
function saveBatch(path: string, { images, target, teacher, samples }: HostMixed, key: Key): Promise<void> {
  const tensors = new Map<string, Writable>([
    ["images", asStored(images)],
    ["target", asStored(target)],
    ...(teacher === null ? [] : [["teacher", asStored(teacher)] as const]),
    ["samples", integers(samples)],
    ["key", integers(key.words)],
  ]);
  return saveSafetensors(path, tensors, (_, tensor) => tensor);
}

/** Uploads a part of the batch. */
export function uploadPart(k: Kernels, { images, target, teacher }: HostMixed, { first, end }: Part): Batch {
  const rows = ({ shape: [, ...rest], data }: HostNumbers): Tensor => {
    const length = size(rest);
    return k.upload([end - first, ...rest], data.subarray(first * length, end * length));
  };
  return { images: rows(images), target: rows(target), teacher: teacher === null ? null : rows(teacher) };
}

/**
 * Finds the tensor.
 *
 * @param reference the reference engine
 */
export async function traced<P, B>(failed: FailedStep<P, B>, reference: Engine): Promise<Trace> {
  const { batch, state, initial, lossOf, macs, engine, ...step } = failed;
  const failing = await smallestPart(batch.samples.length, async (part) => !Number.isFinite(await lossOf(part)));
  const { first, end } = failing ?? { first: 0, end: batch.samples.length };
  const repeated = { first, end: Math.min(end, first + Math.max(1, Math.floor(MOST_MACS / macs))) };
  const found = await firstBad(
    reference,
    {
      ...step,
      model: (k) => uploadTree(k, initial(k), state),
      batch: (k) => uploadPart(k, batch, repeated),
    },
    LARGEST[engine.precision],
  );
  const image = found === null || found.image === null ? null : first + found.image;
  return { found: found === null ? null : { ...found, image }, failing, repeated };
}

/**
 * Saves the batch, traces the failure, saves what was found, and returns it as the one line of an error.
 *
 * @param reference the reference engine
 */
export async function explainedFailure<P, B>(failed: FailedStep<P, B>, reference: Engine): Promise<string> {
  const { directory, step, epoch, loss, engine, batch, key } = failed;
  const folder = join(directory, "failures", `step-${step}`);
  await mkdir(folder, { recursive: true });
  await saveBatch(join(folder, "batch.safetensors"), batch, key);
  const trace = await traced(failed, reference);
  const text = foundText(trace, { precision: engine.precision, limit: LARGEST[engine.precision], samples: batch.samples });
  const json = { step, epoch, loss: `${loss}`, engine: engine.name, precision: engine.precision, text, ...trace };
  const named = (_: string, value: unknown): unknown => (typeof value === "number" && !Number.isFinite(value) ? `${value}` : value);
  await writeDurably(join(folder, "trace.json"), `${JSON.stringify(json, named, 2)}\n`);
  return `the loss is ${loss} at step ${step} (epoch ${epoch}): ${text}; the batch is in ${folder}`;
}
