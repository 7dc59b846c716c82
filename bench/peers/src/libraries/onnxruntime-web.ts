/** onnxruntime-web on its wasm backend, in Node. */
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { image } from "../given.ts";
import { type Library, type Loaded } from "../library.ts";
import { INPUT, onnxFile, OUTPUT } from "../onnx.ts";
import { numbers } from "../numbers.ts";
import { versionOf } from "../version.ts";

async function forward(threads: number): Promise<Loaded> {
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(onnxFile(), { executionProviders: ["wasm"] });
  const { shape, data } = image();
  const run = async (): Promise<Float32Array> => {
    const { [OUTPUT]: logits } = await session.run({ [INPUT]: new Tensor("float32", data, shape) }, [OUTPUT]);
    return numbers(logits?.data);
  };
  return { run, results: async () => new Map([[OUTPUT, await run()]]) };
}

export const library: Library = { version: versionOf("onnxruntime-web"), forward, train: null };
