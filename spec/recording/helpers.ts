/** Small recordings made for a test. */
import { writeSafetensors, type Writable } from "../../src/io/safetensors/safetensors.ts";

/** A forward pass of a model of one block on two hashed images, as JSON. */
export const forwardOnly = {
  producer: "a test",
  dtype: "float64",
  model: {
    imageSize: 4,
    patchSize: 2,
    channels: 1,
    width: 4,
    depth: 1,
    heads: 2,
    mlpRatio: 2,
    classes: 3,
    distilled: false,
    layerNormEps: 1e-6,
  },
  weights: { hash: 7 },
  images: { hash: 8, batch: 2 },
  dropPath: false,
  loss: null,
  optimizer: null,
};

export const labelsLoss = { target: "labels", smoothing: 0.1, smoothingMass: "all", distillation: null };

export const zeros = (...shape: readonly number[]): Writable => ({
  dtype: "F64",
  shape,
  data: new Float64Array(shape.reduce((a, b) => a * b, 1)),
});

export const labels = (...classes: readonly number[]): Writable => ({
  dtype: "I64",
  shape: [classes.length],
  data: BigInt64Array.from(classes, BigInt),
});

/** The bytes of a recording of this JSON and these tensors. */
export function recordingFile(json: object, tensors: Readonly<Record<string, Writable>> = {}): Uint8Array {
  const metadata = { format: "deit-recording", version: "1", recording: JSON.stringify(json) };
  return writeSafetensors(new Map(Object.entries(tensors)), new Map(Object.entries(metadata)));
}
