/**
 * Writes a RegNetY in evaluation mode as an ONNX file: `images` [batch, C, height, width] → `logits` [batch, K], all f32. The rest is as for a
 * DeiT (write.ts). The metadata key is `regnet`, as in a teacher's weights file.
 */
import type { RegnetConfig } from "../../teacher/config.ts";
import { regnetShapes } from "../../teacher/params.ts";
import { completeTensors, type Weights } from "../weights/weights.ts";
import { BATCH, buildGraph } from "./graph.ts";
import { encodeModel } from "./model.ts";
import { regnetGraph } from "./regnetGraph.ts";

/** The parameters and buffers of a RegNetY, and what they are for. */
export interface RegnetWeights extends Omit<Weights, "config"> {
  readonly config: RegnetConfig;
}

/**
 * The bytes of the file. Numbers that are not F32 are rounded to it.
 *
 * @throws WeightsError unless the tensors are exactly the parameters and buffers of the configuration; OnnxError for more than 2 GiB
 */
export function writeRegnetOnnx({ config, classes, preprocessing, tensors }: RegnetWeights): Uint8Array {
  const images = { name: "images", shape: [BATCH, config.channels, "height", "width"] };
  const shapes = new Map([...regnetShapes(config)].map(([name, { shape }]) => [name, shape]));
  const settings = {
    name: "regnet",
    inputs: [images],
    metadata: new Map([["regnet", JSON.stringify({ model: config, classes, preprocessing })]]),
    tensors: completeTensors(shapes, tensors),
    taps: false,
  };
  return encodeModel(buildGraph(settings, (g) => regnetGraph(g, config, images.name)));
}
