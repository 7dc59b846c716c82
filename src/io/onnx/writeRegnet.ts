/**
 * Writes a RegNetY in evaluation mode as an ONNX file: `images` [batch, C, height, width] → `logits` [batch, K], all f32. The rest is as for a
 * DeiT (write.ts). The metadata key is `regnet`, as in a teacher's weights file.
 */
import type { RegnetConfig } from "../../teacher/config.ts";
import { regnetShapes } from "../../teacher/params.ts";
import { completeTensors, type Weights } from "../weights/weights.ts";
import { BATCH, buildGraph } from "./graph.ts";
import { encodeModel } from "./model.ts";
import { regnetMetadata } from "./regnetFile.ts";
import { regnetGraph } from "./regnetGraph.ts";

/** The parameters and buffers of a RegNetY, and what they are for. */
export interface RegnetWeights extends Omit<Weights, "config"> {
  readonly config: RegnetConfig;
  /** The side of the images that it was trained on, in pixels; null: unknown. It takes images of any size. */
  readonly imageSize: number | null;
}

/**
 * The bytes of the file. Numbers that are not F32 are rounded to it.
 *
 * @throws WeightsError unless the tensors are exactly the parameters and buffers of the configuration; OnnxError for more than 2 GiB
 */
export function writeRegnetOnnx({ tensors, ...about }: RegnetWeights): Uint8Array {
  const { config } = about;
  const images = { name: "images", shape: [BATCH, config.channels, "height", "width"] };
  const shapes = new Map([...regnetShapes(config)].map(([name, { shape }]) => [name, shape]));
  const settings = {
    name: "regnet",
    inputs: [images],
    metadata: regnetMetadata(about),
    tensors: completeTensors(shapes, tensors),
    taps: false,
  };
  return encodeModel(buildGraph(settings, (g) => regnetGraph(g, config, images.name)));
}
