/**
 * The tensors of a RegNetY: their names and shapes in timm's order (deit.md 8.1), their number, and the trees of them.
 *
 * A checkpoint holds both parameters, which are trained, and buffers, which are batch norm's running statistics, under one set of names.
 */
import type { LinearParams } from "../ops/linear.ts";
import { size, tensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import type { BatchNormBuffers } from "./batchNorm.ts";
import { squeezedWidth, type RegnetConfig } from "./config.ts";
import type { ConvNormParams, UnitNorm } from "./convNorm.ts";
import type { Blocks, RegnetNorms } from "./norms.ts";
import type { RegnetParams } from "./regnet.ts";
import type { BlockNorms, RegnetBlockParams } from "./regnetBlock.ts";

/** `parameter`: trained; `buffer`: a running statistic. */
export type LeafKind = "parameter" | "buffer";

/** Makes the tensor of a parameter or buffer. */
export type LeafOf = (name: string, shape: Shape, kind: LeafKind) => Tensor;

/** The two trees of a network. Their leaves together, by path, are a checkpoint. */
export interface RegnetTrees {
  /** The trained parameters. */
  readonly params: RegnetParams;
  /** The running statistics that training collects for evaluation. */
  readonly running: RegnetNorms<BatchNormBuffers>;
}

interface Unit {
  readonly params: ConvNormParams;
  readonly running: UnitNorm<BatchNormBuffers>;
}

/** A convolution with `I` input channels per group and O output channels, and its norm; `side` is k. */
function unit(leafOf: LeafOf, name: string, O: number, I: number, side: number): Unit {
  const parameter = (leaf: string, ...shape: Shape): Tensor => leafOf(`${name}.${leaf}`, shape, "parameter");
  const buffer = (leaf: string, ...shape: Shape): Tensor => leafOf(`${name}.bn.${leaf}`, shape, "buffer");
  const params = {
    conv: { weight: parameter("conv.weight", O, I, side, side) },
    bn: { weight: parameter("bn.weight", O), bias: parameter("bn.bias", O) },
  };
  const bn = {
    running_mean: buffer("running_mean", O),
    running_var: buffer("running_var", O),
    num_batches_tracked: buffer("num_batches_tracked"),
  };
  return { params, running: { bn } };
}

function layer(leafOf: LeafOf, name: string, O: number, ...inner: readonly number[]): LinearParams {
  return { weight: leafOf(`${name}.weight`, [O, ...inner], "parameter"), bias: leafOf(`${name}.bias`, [O], "parameter") };
}

interface Block {
  readonly params: RegnetBlockParams;
  readonly running: BlockNorms<BatchNormBuffers>;
}

/** A block from C to w channels. The `first` of a stage changes the shape, so that its shortcut has a convolution. */
function block(leafOf: LeafOf, name: string, config: RegnetConfig, C: number, w: number, first: boolean): Block {
  const S = squeezedWidth(config, C);
  const conv1 = unit(leafOf, `${name}.conv1`, w, C, 1);
  const conv2 = unit(leafOf, `${name}.conv2`, w, config.groupWidth, 3);
  const se = { fc1: layer(leafOf, `${name}.se.fc1`, S, w, 1, 1), fc2: layer(leafOf, `${name}.se.fc2`, w, S, 1, 1) };
  const conv3 = unit(leafOf, `${name}.conv3`, w, w, 1);
  const side = first ? unit(leafOf, `${name}.downsample`, w, C, 1) : null;
  return {
    params: { conv1: conv1.params, conv2: conv2.params, se, conv3: conv3.params, downsample: side?.params ?? null },
    running: { conv1: conv1.running, conv2: conv2.running, conv3: conv3.running, downsample: side?.running ?? null },
  };
}

/** The trees whose leaf `name` is `leafOf(name, shape, kind)`. The leaves are made in the order of a checkpoint. */
export function buildRegnet(config: RegnetConfig, leafOf: LeafOf): RegnetTrees {
  const stem = unit(leafOf, "stem", config.stem, config.channels, 3);
  const params: { [name: `s${number}`]: Blocks<RegnetBlockParams> } = {};
  const running: { [name: `s${number}`]: Blocks<BlockNorms<BatchNormBuffers>> } = {};
  let C = config.stem;
  for (const [i, w] of config.widths.entries()) {
    const blocks: (readonly [`b${number}`, Block])[] = [];
    for (let j = 1; j <= (config.depths[i] ?? 0); j++) {
      blocks.push([`b${j}`, block(leafOf, `s${i + 1}.b${j}`, config, C, w, j === 1)]);
      C = w;
    }
    params[`s${i + 1}`] = Object.fromEntries(blocks.map(([name, { params }]) => [name, params] as const));
    running[`s${i + 1}`] = Object.fromEntries(blocks.map(([name, { running }]) => [name, running] as const));
  }
  const head = { fc: layer(leafOf, "head.fc", config.classes, C) };
  return { params: { stem: stem.params, ...params, head }, running: { stem: stem.running, ...running } };
}

/** Shape and kind of one tensor of a checkpoint. */
export interface LeafShape {
  /** Axis lengths, outermost first. */
  readonly shape: Shape;
  /** Whether it is trained. */
  readonly kind: LeafKind;
}

/** Shape and kind by name, in the order of a checkpoint. */
export function regnetShapes(config: RegnetConfig): ReadonlyMap<string, LeafShape> {
  const shapes = new Map<string, LeafShape>();
  buildRegnet(config, (name, shape, kind) => {
    shapes.set(name, { shape, kind });
    return tensor(shape, shapes); // a handle without numbers: only its name, shape and kind are wanted
  });
  return shapes;
}

/** Number of trained scalars. */
export const regnetParameterCount = (config: RegnetConfig): number =>
  [...regnetShapes(config).values()].reduce((sum, { shape, kind }) => sum + (kind === "parameter" ? size(shape) : 0), 0);
