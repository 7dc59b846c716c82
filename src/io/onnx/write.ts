/**
 * A DeiT as an ONNX file that other programs run: `images` [batch, C, S, S] → `logits`, `head` and, distilled, `head_dist` [batch, K], all
 * of f32. Initializers are the weights under timm's names, in timm's shapes; the metadata `deit` is that of a weights file. No times, paths or
 * thread counts: equal weights give equal files.
 */
import { parameterShapes } from "../../model/params.ts";
import { completeTensors, headsOf, metadataOf, type Weights } from "../weights/weights.ts";
import { deitGraph } from "./deitGraph.ts";
import { BATCH, buildGraph } from "./graph.ts";
import { encodeModel } from "./model.ts";

/** What the graph gives beside the logits. */
export interface OnnxOptions {
  /** Whether every tap (recording format, section 3) is an output, under its name. */
  readonly taps: boolean;
}

/**
 * The file. Numbers of other kinds than F32 are rounded to it.
 *
 * @throws WeightsError unless the tensors are those of the configuration; OnnxError for more than 2 GiB
 */
export function writeOnnx({ config, classes, preprocessing, tensors }: Weights, { taps }: OnnxOptions): Uint8Array {
  const heads = headsOf(tensors);
  const { channels: C, imageSize: S } = config;
  const images = { name: "images", shape: [BATCH, C, S, S] };
  const settings = {
    name: "deit",
    inputs: [images],
    metadata: metadataOf({ config, classes, preprocessing }),
    tensors: completeTensors(parameterShapes(config, heads), tensors),
    taps,
  };
  return encodeModel(buildGraph(settings, (g) => deitGraph(g, { ...config, ...heads }, images.name)));
}
