/**
 * The parameters of a configuration: their names and shapes in timm's order (deit.md 5.1), their number (E28), and the tree of them.
 *
 * The shapes are written once, in the tree that `buildParams` builds. Running an op cannot give them, because every op needs its parameters first.
 */
import type { LinearParams } from "../ops/linear.ts";
import { size, tensor, type Shape, type Tensor } from "../tensor/tensor.ts";
import type { BlockParams } from "./block.ts";
import { mlpWidth, tokenCount, type DeitConfig } from "./config.ts";
import type { DeitParams } from "./deit.ts";

/** Which classifier heads a distilled model has. */
export interface HeadOptions {
  /** Whether a distilled model has its second head; default true. Without it the class head alone decides, as in Hugging Face's `DeiTForImageClassification`. */
  readonly distillationHead?: boolean;
}

export const hasTwoHeads = ({ distilled }: DeitConfig, { distillationHead = true }: HeadOptions): boolean => distilled && distillationHead;

/** Makes the tensor of a parameter. */
type LeafOf = (name: string, shape: Shape) => Tensor;

/** The weight [out, ...inner] and the bias [out] of a layer. */
function layer(leafOf: LeafOf, name: string, out: number, ...inner: readonly number[]): LinearParams {
  return { weight: leafOf(`${name}.weight`, [out, ...inner]), bias: leafOf(`${name}.bias`, [out]) };
}

function block(leafOf: LeafOf, name: string, D: number, M: number): BlockParams {
  return {
    norm1: layer(leafOf, `${name}.norm1`, D),
    attn: { qkv: layer(leafOf, `${name}.attn.qkv`, 3 * D, D), proj: layer(leafOf, `${name}.attn.proj`, D, D) },
    norm2: layer(leafOf, `${name}.norm2`, D),
    mlp: { fc1: layer(leafOf, `${name}.mlp.fc1`, M, D), fc2: layer(leafOf, `${name}.mlp.fc2`, D, M) },
  };
}

/** The tree whose leaf `name` is `leafOf(name, shape)`. The leaves are made in the order of a checkpoint. */
export function buildParams(config: DeitConfig, leafOf: (name: string, shape: Shape) => Tensor, heads: HeadOptions = {}): DeitParams {
  const { width: D, classes: K, channels: C, patchSize: p, depth: L } = config;
  return {
    cls_token: leafOf("cls_token", [1, 1, D]),
    pos_embed: config.position === "learned" ? leafOf("pos_embed", [1, tokenCount(config), D]) : null,
    dist_token: config.distilled ? leafOf("dist_token", [1, 1, D]) : null,
    patch_embed: { proj: layer(leafOf, "patch_embed.proj", D, C, p, p) },
    blocks: Array.from({ length: L }, (_, i) => block(leafOf, `blocks.${i}`, D, mlpWidth(config))),
    norm: layer(leafOf, "norm", D),
    head: layer(leafOf, "head", K, D),
    head_dist: hasTwoHeads(config, heads) ? layer(leafOf, "head_dist", K, D) : null,
  };
}

/** Shape by name, in the order of a checkpoint. */
export function parameterShapes(config: DeitConfig, heads: HeadOptions = {}): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  buildParams(
    config,
    (name, shape) => {
      shapes.set(name, shape);
      return tensor(shape, shapes); // a handle without numbers: only its name and shape are wanted
    },
    heads,
  );
  return shapes;
}

/** Number of trained scalars (E28). */
export const parameterCount = (config: DeitConfig): number =>
  [...parameterShapes(config).values()].reduce((sum, shape) => sum + size(shape), 0);
