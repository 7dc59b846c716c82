/** Classification of images by a DeiT. */
import type { NormalisedImages } from "../../data/normalise.ts";
import type { Engine } from "../../kernels/engine.ts";
import { deitPredict } from "../../model/deit.ts";
import { inference } from "../../ops/observe.ts";
import { softmax } from "../../ops/softmax.ts";
import { deitAttrs } from "../step/deitTask.ts";
import type { Deit } from "./evaluate.ts";

/** A class with its probability. */
export interface Ranked {
  /** Class number. */
  readonly index: number;
  /** The probabilities of all classes sum to 1. */
  readonly probability: number;
}

/** An image's classification. */
export interface Classified {
  /** The mean of both heads' logits (E27), K values. */
  readonly logits: readonly number[];
  /** The most probable classes, most probable first; equal ones in the order of their numbers. */
  readonly top: readonly Ranked[];
}

/** The classes with the largest logits, largest first, with their probabilities; equal ones in the order of their numbers. */
export function ranked(logits: ArrayLike<number>, probabilities: ArrayLike<number>, places: number): readonly Ranked[] {
  const order = Array.from(logits, (_, index) => index).toSorted((a, b) => (logits[b] ?? NaN) - (logits[a] ?? NaN));
  return order.slice(0, places).map((index) => ({ index, probability: probabilities[index] ?? NaN }));
}

/** Classifies the images of a batch. Returns the `places` most probable classes of each. */
export async function classify(
  engine: Engine,
  { config, params }: Deit,
  { shape, data }: NormalisedImages,
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
