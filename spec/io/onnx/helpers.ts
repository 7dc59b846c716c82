/** Small models with weights from hashes, and a reader for ONNX files. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { HostArray, Leaves } from "../../../src/check/host.ts";
import { referenceEngine } from "../../../src/engines/reference/engine.ts";
import type { Stored } from "../../../src/io/safetensors/safetensors.ts";
import { uploadWeights, type Weights } from "../../../src/io/weights/weights.ts";
import type { Engine } from "../../../src/kernels/engine.ts";
import { checkedConfig, type DeitConfig } from "../../../src/model/config.ts";
import { deitLogits } from "../../../src/model/deit.ts";
import { meanOfLogits } from "../../../src/model/fusion.ts";
import { parameterShapes } from "../../../src/model/params.ts";
import { inference, observe } from "../../../src/ops/observe.ts";
import { hashed } from "../../../src/recording/format/hash.ts";
import { isTensor, type Shape, type Tensor } from "../../../src/tensor/tensor.ts";
import { deitAttrs } from "../../../src/train/step/deitTask.ts";

/** A model of two blocks and 9 patches. */
export const small: DeitConfig = checkedConfig({
  imageSize: 12,
  patchSize: 4,
  channels: 3,
  width: 12,
  depth: 2,
  heads: 3,
  mlpRatio: 4,
  classes: 5,
  distilled: true,
  layerNormEps: 1e-6,
  position: "learned",
});

export const hashedTensor = (name: string, shape: Shape, seed: number): Stored => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(hashed(name, shape, seed).data),
});

export function hashedWeights(config: DeitConfig, seed: number): Weights {
  const tensors = new Map([...parameterShapes(config)].map(([name, shape]) => [name, hashedTensor(name, shape, seed)]));
  return { config, classes: null, preprocessing: null, tensors };
}

export const hashedImages = ({ channels: C, imageSize: S }: DeitConfig, B: number, seed: number): HostArray =>
  hashed("images", [B, C, S, S], seed);

/** The values that this project's ops compute at the wanted paths. */
export async function tapsOf(
  wanted: ReadonlySet<string>,
  weights: Weights,
  { shape, data }: HostArray,
  engine: Engine = referenceEngine(),
): Promise<Leaves> {
  const reads: Promise<readonly [string, HostArray]>[] = [];
  const see = (path: string, t: Tensor): unknown =>
    reads.push(engine.read(t).then((numbers) => [path, { shape: t.shape, data: Float64Array.from(numbers) }] as const));
  engine.kernels.region("taps", () => {
    const k = observe(inference(engine.kernels), {
      after: ({ phase, path }, out) => {
        if (phase === "forward" && wanted.has(path) && typeof out === "object" && out !== null && isTensor(out)) see(path, out);
      },
    });
    const inputs = { images: k.upload(shape, data), params: uploadWeights(k, weights) };
    meanOfLogits.forward(k.at("logits"), deitLogits.forward(k, inputs, deitAttrs(k, weights.config)).out);
    return null;
  });
  return new Map(await Promise.all(reads));
}

/** The values of a message's fields, by field number: the bytes of nested messages, the numbers of integers. */
export function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, readonly (Uint8Array | number)[]> {
  const fields = new Map<number, (Uint8Array | number)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value =
      type === WireType.Varint ? Number(reader.int64()) : type === WireType.LengthDelimited ? reader.bytes() : reader.skip(type);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}
