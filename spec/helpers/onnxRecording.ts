/** The results of onnxruntime as a recording. */
import type { HostArray, Leaves } from "../../src/check/host.ts";
import type { Writable } from "../../src/io/safetensors/safetensors.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import { recordingFile } from "../recording/helpers.ts";

/** The seeds of weights and images, and the number of images. */
export interface Hashes {
  readonly weights: number;
  readonly images: number;
  readonly batch: number;
}

/** The recording file of a model whose weights and images are made from seeds. */
export function onnxRecording(config: DeitConfig, { weights, images, batch }: Hashes, taps: Leaves): Uint8Array {
  const { position: _, ...model } = config;
  const stored = ([name, { shape, data }]: [string, HostArray]): [string, Writable] => [
    `taps/${name}`,
    { dtype: "F32", shape, data: Float32Array.from(data) },
  ];
  const said = { weights: { hash: weights }, images: { hash: images, batch }, dropPath: false, loss: null, optimizer: null };
  const json = { producer: "onnxruntime", dtype: "float32", model, ...said };
  return recordingFile(json, Object.fromEntries([...taps].map(stored)));
}
