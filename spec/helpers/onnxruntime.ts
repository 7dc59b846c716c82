/** Runs ONNX files by onnxruntime, an implementation that is independent of this project. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { describe } from "vitest";
import type { HostArray, Leaves } from "../../src/check/host.ts";

interface Onnxruntime {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

/** Runs a file on images [B, C, H, W] and returns its outputs, in the file's order. */
export type RunOnnx = (file: Uint8Array, images: HostArray) => Promise<Leaves>;

/** The module, or the reason why it cannot be loaded. */
const loaded: Onnxruntime | string = await import("onnxruntime-web").catch(String);

const run: RunOnnx = async (file, { shape, data }) => {
  if (typeof loaded === "string") throw new Error(loaded);
  const session = await loaded.InferenceSession.create(file, { intraOpNumThreads: 1 });
  const out = await session.run({ images: new loaded.Tensor("float32", Float32Array.from(data), shape) });
  const arrays = session.outputNames.map((name): [string, HostArray] => {
    const found = out[name];
    if (!(found?.data instanceof Float32Array)) throw new Error(`onnxruntime: ${name} must be of f32`);
    return [name, { shape: [...found.dims], data: Float64Array.from(found.data) }];
  });
  await session.release();
  return new Map(arrays);
};

/** A suite that needs onnxruntime. If that cannot be loaded, the suite is skipped, with the reason in its title. */
export function onOnnxruntime(body: (run: RunOnnx) => void): void {
  const why = typeof loaded === "string" ? `, skipped: onnxruntime-web cannot be loaded: ${loaded}` : "";
  describe.skipIf(why !== "")(`run by onnxruntime${why}`, () => {
    body(run);
  });
}
