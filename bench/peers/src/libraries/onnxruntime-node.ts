/** onnxruntime's native library on its CPU provider, for comparison. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { image } from "../given.ts";
import { type Library, type Loaded } from "../library.ts";
import { numbers } from "../numbers.ts";
import { INPUT, onnxFile, OUTPUT } from "../onnx.ts";
import { versionOf } from "../version.ts";

async function forward(threads: number): Promise<Loaded> {
  const session = await InferenceSession.create(onnxFile(), { executionProviders: ["cpu"], intraOpNumThreads: threads });
  const { shape, data } = image();
  const run = async (): Promise<Float32Array> => {
    const { [OUTPUT]: logits } = await session.run({ [INPUT]: new Tensor("float32", data, shape) }, [OUTPUT]);
    return numbers(logits?.data);
  };
  return { run, results: async () => new Map([[OUTPUT, await run()]]) };
}

export const library: Library = { version: versionOf("onnxruntime-node"), forward, train: null };
