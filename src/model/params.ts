/** The parameters of a configuration: names and shapes in timm's order (deit.md 5.1), their number (E28), and the tree of them. */
import type { LinearParams } from "../ops/linear.ts";
import { size, type Shape, type Tensor } from "../tensor/tensor.ts";
import { tokenCount, type DeitConfig } from "./config.ts";
import type { DeitParams } from "./deit.ts";

/** Which heads a distilled model has. */
export interface Heads {
  /** Whether a distilled model has its second head; default true. Without, it decides by the class head, as Hugging Face's class of one head does. */
  readonly distillationHead?: boolean;
}

export const hasTwoHeads = ({ distilled }: DeitConfig, { distillationHead = true }: Heads): boolean => distilled && distillationHead;

/** Shape by name, in the order of a checkpoint. */
export function parameterShapes(config: DeitConfig, heads: Heads = {}): ReadonlyMap<string, Shape> {
  const { width: D, classes: K, channels: C, patchSize: p, depth: L } = config;
  const M = D * config.mlpRatio;
  const vector = (name: string): readonly [string, Shape] => [name, [1, 1, D]];
  const layer = (name: string, out: number, ...inner: readonly number[]): readonly (readonly [string, Shape])[] => [
    [`${name}.weight`, [out, ...inner]],
    [`${name}.bias`, [out]],
  ];
  const block = (name: string): readonly (readonly [string, Shape])[] => [
    ...layer(`${name}.norm1`, D),
    ...layer(`${name}.attn.qkv`, 3 * D, D),
    ...layer(`${name}.attn.proj`, D, D),
    ...layer(`${name}.norm2`, D),
    ...layer(`${name}.mlp.fc1`, M, D),
    ...layer(`${name}.mlp.fc2`, D, M),
  ];
  return new Map([
    vector("cls_token"),
    ...(config.position === "learned" ? [["pos_embed", [1, tokenCount(config), D]] as const] : []),
    ...(config.distilled ? [vector("dist_token")] : []),
    ...layer("patch_embed.proj", D, C, p, p),
    ...Array.from({ length: L }, (_, i) => block(`blocks.${i}`)).flat(),
    ...layer("norm", D),
    ...layer("head", K, D),
    ...(hasTwoHeads(config, heads) ? layer("head_dist", K, D) : []),
  ]);
}

/** Number of trained scalars (E28). */
export const parameterCount = (config: DeitConfig): number =>
  [...parameterShapes(config).values()].reduce((sum, shape) => sum + size(shape), 0);

/** The tree whose leaf `name` is `leafOf(name, shape)`, asked for in the order of a checkpoint. */
export function buildParams(config: DeitConfig, leafOf: (name: string, shape: Shape) => Tensor, heads: Heads = {}): DeitParams {
  const leaves = new Map([...parameterShapes(config, heads)].map(([name, shape]) => [name, leafOf(name, shape)]));
  const part = (name: string): Tensor | null => leaves.get(name) ?? null;
  const need = (name: string): Tensor => {
    const t = part(name);
    if (t === null) throw new Error(`params: nothing named ${name}`);
    return t;
  };
  const layer = (name: string): LinearParams => ({ weight: need(`${name}.weight`), bias: need(`${name}.bias`) });
  return {
    cls_token: need("cls_token"),
    pos_embed: part("pos_embed"),
    dist_token: part("dist_token"),
    patch_embed: { proj: layer("patch_embed.proj") },
    blocks: Array.from({ length: config.depth }, (_, i) => ({
      norm1: layer(`blocks.${i}.norm1`),
      attn: { qkv: layer(`blocks.${i}.attn.qkv`), proj: layer(`blocks.${i}.attn.proj`) },
      norm2: layer(`blocks.${i}.norm2`),
      mlp: { fc1: layer(`blocks.${i}.mlp.fc1`), fc2: layer(`blocks.${i}.mlp.fc2`) },
    })),
    norm: layer("norm"),
    head: layer("head"),
    head_dist: hasTwoHeads(config, heads) ? layer("head_dist") : null,
  };
}
