/** The model as this project exports it, for the libraries that read ONNX. */
import { writeOnnx } from "./deit.ts";
import { config, weights } from "./given.ts";

export const INPUT = "images";
export const OUTPUT = "logits";

export function onnxFile(): Uint8Array {
  const tensors = new Map([...weights()].map(([name, { shape, data }]) => [name, { dtype: "F32", shape, data } as const]));
  return writeOnnx({ config, classes: null, preprocessing: null, tensors }, { taps: false });
}
