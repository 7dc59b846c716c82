/** transformers.js from a folder on disk, as its users load a model. In Node it computes with the native onnxruntime-node. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { AutoModelForImageClassification, env, Tensor } from "@huggingface/transformers";
import { image } from "../given.ts";
import { type Library, type Loaded } from "../library.ts";
import { numbers } from "../numbers.ts";
import { INPUT, onnxFile, OUTPUT } from "../onnx.ts";
import { versionOf } from "../version.ts";

/** A folder in the layout in which models are published: the configuration and the graph. */
function published(): string {
  const folder = mkdtempSync(join(tmpdir(), "deit-peers-"));
  mkdirSync(join(folder, "onnx"));
  writeFileSync(join(folder, "onnx", "model.onnx"), onnxFile());
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "deit" }));
  return folder;
}

async function forward(threads: number): Promise<Loaded> {
  const folder = published();
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const model = await AutoModelForImageClassification.from_pretrained(basename(folder), {
    local_files_only: true,
    device: "cpu",
    dtype: "fp32",
    session_options: { intraOpNumThreads: threads },
  });
  rmSync(folder, { recursive: true });
  const { shape, data } = image();
  const run = async (): Promise<Float32Array> => {
    const { [OUTPUT]: logits } = await model({ [INPUT]: new Tensor("float32", data, [...shape]) });
    return numbers(logits.data);
  };
  return { run, results: async () => new Map([[OUTPUT, await run()]]) };
}

export const library: Library = {
  version: `${versionOf("@huggingface/transformers")} on ${versionOf("onnxruntime-node")}`,
  forward,
  train: null,
};
