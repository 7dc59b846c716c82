/**
 * DeiT's forward pass in evaluation mode as an ONNX graph, one function for each component, as in src/model. Each node is named by the path of
 * its op, so the value of a tap (recording format, section 3) is the output of the node with the tap's name.
 */
import { patchCount, prefixCount, tokenCount, type DeitConfig } from "../../model/config.ts";
import { hasTwoHeads, type HeadOptions } from "../../model/params.ts";
import { sineCosine } from "../../ops/position.ts";
import type { Shape } from "../../tensor/tensor.ts";
import type { GraphBuilder } from "./graph.ts";
import { at, gelu, layerNorm, linear, reshape, transpose } from "./layers.ts";

/** The shape [T, D] of one sample's tokens. */
const tokens = (config: DeitConfig): Shape => [tokenCount(config), config.width];

/** (E1): images [B, C, S, S] → E [B, N, D]. */
function patchEmbed(g: GraphBuilder, config: DeitConfig, images: string): string {
  const { patchSize: p, width: D } = config;
  const kernel = [g.weight("patch_embed.proj.weight"), g.weight("patch_embed.proj.bias")];
  const grid = g.node("Conv", "patch_embed.proj", [images, ...kernel], { kernel_shape: [p, p], strides: [p, p] });
  const columns = reshape(g, "patch_embed.columns", grid, [D, patchCount(config)]);
  return g.tap(transpose(g, "patch_embed", columns, [0, 2, 1]), [patchCount(config), D]);
}

/** The learned position embedding, or the fixed one of (E34); [1, T, D]. */
const position = (g: GraphBuilder, config: DeitConfig): string =>
  config.position === "learned"
    ? g.weight("pos_embed")
    : g.constant("pos_embed", [1, ...tokens(config)], sineCosine(tokenCount(config), config.width));

/** (E2), (E3): E → X₀ [B, T, D]. */
function embed(g: GraphBuilder, config: DeitConfig, patches: string): string {
  const names = ["cls_token", ...(config.distilled ? ["dist_token"] : [])];
  const row = g.node("Concat", "embed.tokens", names.map(g.weight), { axis: 1 }); //                       [1, P, D]
  const batch = g.node("Shape", "embed.batch", [patches], { start: 0, end: 1 });
  const each = g.integers("embed.each", [prefixCount(config), config.width]);
  const shape = g.node("Concat", "embed.shape", [batch, each], { axis: 0 });
  const prefix = g.node("Expand", "embed.expanded", [row, shape]); //                                      [B, P, D]
  const all = g.node("Concat", "embed.prefix", [prefix, patches], { axis: 1 });
  return g.tap(g.node("Add", "embed", [all, position(g, config)]), tokens(config));
}

/** (E5) to (E8) */
function selfAttention(g: GraphBuilder, name: string, config: DeitConfig, x: string): string {
  const { width: D, heads: h } = config;
  const [T, d] = [tokenCount(config), D / h];
  const qkv = g.tap(linear(g, `${name}.qkv`, x), [T, 3 * D]); //                                           (E5)
  const split = reshape(g, `${name}.split`, qkv, [T, 3, h, d]); //                                         (E6)
  const roles = transpose(g, `${name}.roles`, split, [2, 0, 3, 1, 4]); //                                  [3, B, h, T, d]
  const role = (letter: string, index: number): string => at(g, `${name}.${letter}`, roles, { axis: 0, index });
  const [q, k, v] = [role("q", 0), role("k", 1), role("v", 2)];
  const products = g.node("MatMul", `${name}.products`, [q, transpose(g, `${name}.k.transpose`, k, [0, 1, 3, 2])]);
  const scale = g.constant("attention_scale", [], [d ** -0.5]);
  const scores = g.tap(g.node("Mul", `${name}.scores`, [products, scale]), [h, T, T]); //                  (E7) S
  const probs = g.tap(g.node("Softmax", `${name}.probs`, [scores], { axis: -1 }), [h, T, T]); //           (E7) A
  const mix = g.node("MatMul", `${name}.mix`, [probs, v]); //                                              (E7) O
  const merged = transpose(g, `${name}.merged`, mix, [0, 2, 1, 3]);
  const context = g.tap(reshape(g, `${name}.context`, merged, [T, D]), [T, D]);
  return g.tap(g.node("Identity", name, [linear(g, `${name}.proj`, context)]), [T, D]); //                 (E8)
}

/** (E10) */
function mlp(g: GraphBuilder, name: string, config: DeitConfig, x: string): string {
  const hidden: Shape = [tokenCount(config), config.width * config.mlpRatio];
  const fc1 = g.tap(linear(g, `${name}.fc1`, x), hidden);
  const active = g.tap(gelu(g, `${name}.gelu`, fc1), hidden); //                                           (E9)
  return g.tap(g.node("Identity", name, [linear(g, `${name}.fc2`, active)]), tokens(config));
}

/** (E11), (E12) */
function block(g: GraphBuilder, name: string, config: DeitConfig, x: string): string {
  const norm = (which: string, of: string): string => g.tap(layerNorm(g, `${name}.${which}`, of, config.layerNormEps), tokens(config));
  const attn = selfAttention(g, `${name}.attn`, config, norm("norm1", x));
  const mid = g.tap(g.node("Add", `${name}.mid`, [x, attn]), tokens(config)); //                           (E11)
  const ffn = mlp(g, `${name}.mlp`, config, norm("norm2", mid));
  return g.tap(g.node("Add", name, [mid, ffn]), tokens(config)); //                                        (E12)
}

/** (E14), (E15), (E27): Z → the fused logits [B, K] and the logits of each head. */
function heads(g: GraphBuilder, config: DeitConfig & HeadOptions, z: string): void {
  const { classes: K } = config;
  const head = linear(g, "head", at(g, "head.token", z, { axis: 1, index: 0 })); //                        (E14)
  const dist = hasTwoHeads(config, config) ? [linear(g, "head_dist", at(g, "head_dist.token", z, { axis: 1, index: 1 }))] : []; // (E15)
  for (const logits of [g.node("Mean", "logits", [head, ...dist]), head, ...dist]) g.output(logits, [K]); // (E27)
}

/** images → logits */
export function deitGraph(g: GraphBuilder, config: DeitConfig & HeadOptions, images: string): void {
  let x = embed(g, config, patchEmbed(g, config, images));
  for (let i = 0; i < config.depth; i++) x = block(g, `blocks.${i}`, config, x);
  heads(g, config, g.tap(layerNorm(g, "norm", x, config.layerNormEps), tokens(config))); //                (E13)
}
