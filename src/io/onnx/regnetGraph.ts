/** RegNetY's forward pass in evaluation mode as an ONNX graph, one function for each component, as in src/teacher. Batch norm uses the running statistics. */
import type { RegnetConfig } from "../../teacher/config.ts";
import { HALVING } from "../../teacher/regnetStage.ts";
import type { GraphBuilder } from "./graph.ts";
import { linear } from "./layers.ts";

/** A padded k×k convolution, which keeps the image size unless its stride is above 1. */
interface Unit {
  /** k */
  readonly side: number;
  readonly stride: number;
  readonly groups: number;
}

/** Convolution and norm. */
function convNorm(g: GraphBuilder, name: string, { batchNormEps }: RegnetConfig, x: string, { side, stride, groups }: Unit): string {
  const pad = (side - 1) / 2;
  const conv = g.node("Conv", `${name}.conv`, [x, g.weight(`${name}.conv.weight`)], {
    kernel_shape: [side, side],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group: groups,
  });
  const norm = ["weight", "bias", "running_mean", "running_var"].map((leaf) => g.weight(`${name}.bn.${leaf}`));
  return g.node("BatchNormalization", `${name}.bn`, [conv, ...norm], { epsilon: { float: batchNormEps } });
}

const relu = (g: GraphBuilder, name: string, x: string): string => g.node("Relu", name, [x]);

/** The mean of each channel, [B, C, 1, 1]. */
const averagePool = (g: GraphBuilder, name: string, x: string): string => g.node("GlobalAveragePool", name, [x]);

/** x·g. The two linear layers act on channel means and are 1×1 convolutions, as checkpoints store them. */
function squeezeExcite(g: GraphBuilder, name: string, x: string): string {
  const layer = (fc: string, of: string): string =>
    g.node("Conv", `${name}.${fc}`, [of, g.weight(`${name}.${fc}.weight`), g.weight(`${name}.${fc}.bias`)]);
  const squeezed = relu(g, `${name}.act`, layer("fc1", averagePool(g, `${name}.mean`, x)));
  return g.node("Mul", name, [x, g.node("Sigmoid", `${name}.gate`, [layer("fc2", squeezed)])]);
}

/** A block of width w. The first of a stage halves the image, and its shortcut has a convolution. */
function block(
  g: GraphBuilder,
  name: string,
  config: RegnetConfig,
  x: string,
  { w, first }: { readonly w: number; readonly first: boolean },
): string {
  const stride = first ? HALVING : 1;
  const pointwise = { side: 1, stride: 1, groups: 1 };
  const conv1 = relu(g, `${name}.conv1`, convNorm(g, `${name}.conv1`, config, x, pointwise));
  const grouped = { side: 3, stride, groups: w / config.groupWidth };
  const conv2 = relu(g, `${name}.conv2`, convNorm(g, `${name}.conv2`, config, conv1, grouped));
  const conv3 = convNorm(g, `${name}.conv3`, config, squeezeExcite(g, `${name}.se`, conv2), pointwise);
  const side = first ? convNorm(g, `${name}.downsample`, config, x, { ...pointwise, stride }) : x;
  return relu(g, name, g.node("Add", `${name}.sum`, [side, conv3]));
}

/** images → logits */
export function regnetGraph(g: GraphBuilder, config: RegnetConfig, images: string): void {
  let x = relu(g, "stem", convNorm(g, "stem", config, images, { side: 3, stride: HALVING, groups: 1 }));
  for (const [i, w] of config.widths.entries())
    for (let j = 1; j <= (config.depths[i] ?? 0); j++) x = block(g, `s${i + 1}.b${j}`, config, x, { w, first: j === 1 });
  const pooled = g.node("Flatten", "head.flat", [averagePool(g, "head.global_pool", x)], { axis: 1 });
  const logits = linear(g, "head.fc", pooled);
  g.output(g.node("Identity", "logits", [logits]), [config.classes]);
}
