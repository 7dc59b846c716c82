/** What a DeiT takes images for. */
import type { HostBatch } from "../../data/batches.ts";
import type { Engine } from "../../kernels/engine.ts";
import { deitPredict } from "../../model/deit.ts";
import { inference } from "../../ops/observe.ts";
import { softmax } from "../../ops/softmax.ts";
import { deitAttrs } from "../step/deitTask.ts";
import type { Deit } from "./evaluate.ts";

export interface Ranked {
  /** Class number. */
  readonly index: number;
  /** Of all classes together 1. */
  readonly probability: number;
}

export interface Classified {
  /** Mean of both heads (E27), K of them. */
  readonly logits: readonly number[];
  /** The most probable classes, the first of equal ones first. */
  readonly top: readonly Ranked[];
}

/** The most probable of the classes with these logits and probabilities, the first of equal ones first. */
export function ranked(logits: ArrayLike<number>, probabilities: ArrayLike<number>, places: number): readonly Ranked[] {
  const order = Array.from(logits, (_, index) => index).toSorted((a, b) => (logits[b] ?? NaN) - (logits[a] ?? NaN));
  return order.slice(0, places).map((index) => ({ index, probability: probabilities[index] ?? NaN }));
}

/** Classifies the images of a batch; `places` most probable classes each. */
export async function classify(
  engine: Engine,
  { config, params }: Deit,
  { shape, data }: HostBatch["images"],
  places: number,
): Promise<readonly Classified[]> {
  const k = inference(engine.kernels);
  const reads: Promise<Float64Array | Float32Array>[] = [];
  k.region("classify", () => {
    const logits = deitPredict(k, { images: k.upload(shape, data), params }, deitAttrs(k, config));
    reads.push(engine.read(logits), engine.read(softmax.forward(k, { z: logits }).out));
    return null;
  });
  const [logits = [], probabilities = []] = await Promise.all(reads);
  const K = config.classes;
  return Array.from({ length: logits.length / K }, (_, i) => {
    const own = Array.from(logits.slice(i * K, (i + 1) * K));
    return { logits: own, top: ranked(own, probabilities.slice(i * K, (i + 1) * K), places) };
  });
}
