/**
 * Writes a DeiT as an ONNX file that other programs can run: `images` [batch, C, S, S] → `logits`, `head` and, for a distilled model,
 * `head_dist`, each [batch, K], all f32. The initializers are the weights under timm's names and in timm's shapes; the metadata `deit` is the same
 * as in a weights file. The file holds no times, paths or thread counts, so equal weights give equal files.
 */
import { parameterShapes } from "../../model/params.ts";
import { completeTensors, headsOf, metadataOf, type Weights } from "../weights/weights.ts";
import { deitGraph } from "./deitGraph.ts";
import { BATCH, buildGraph } from "./graph.ts";
import { encodeModel } from "./model.ts";

/** What the graph has as outputs in addition to the logits. */
export interface OnnxOptions {
  /** Whether every tap (recording format, section 3) is an output, under the tap's name. */
  readonly taps: boolean;
}

/**
 * The bytes of the file. Numbers that are not F32 are rounded to it.
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
