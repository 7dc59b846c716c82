/** What onnxruntime computed, as a recording. */
import type { HostArray, Leaves } from "../../src/check/host.ts";
import type { Writable } from "../../src/io/safetensors/safetensors.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import { recordingFile } from "../recording/helpers.ts";

/** Seeds of the weights and of the images, and how many images. */
export interface Hashes {
  readonly weights: number;
  readonly images: number;
  readonly batch: number;
}

/** The file of a recording of a model with weights and images from hashes. */
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
