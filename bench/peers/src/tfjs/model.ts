/** DeiT's forward pass in tfjs, one function a component, under the equation numbers of docs/deit.md. */
import * as tf from "@tensorflow/tfjs";
import { config, isMatrix, turnedWeights, type Values } from "../given.ts";

const { width: D, heads: h, depth: L, patchSize: p, imageSize: S, channels: C, layerNormEps } = config;
const d = D / h;
const g = S / p;

/** [..., m, k]·[..., k, n] → [..., m, n] */
export type Product = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** The weights by timm's names; matrices are [in, out]. */
export type Params = ReadonlyMap<string, tf.Tensor>;

export const tensorOf = ({ shape, data }: Values): tf.Tensor => tf.tensor(data, [...shape]);

export const paramsOf = (): Params => new Map([...turnedWeights()].map(([name, values]) => [name, tensorOf(values)]));

/** The numbers of a parameter-shaped tensor in timm's order. */
export const timmValues = (name: string, t: tf.Tensor): Promise<ArrayLike<number>> => (isMatrix(name) ? tf.transpose(t) : t).data();

export interface Model {
  readonly product: Product;
  readonly params: Params;
}

function param({ params }: Model, name: string): tf.Tensor {
  const found = params.get(name);
  if (found === undefined) throw new Error(`nothing named ${name}`);
  return found;
}

/** y = x Wᵀ + b; [..., in] → [..., out] */
function linear(model: Model, name: string, x: tf.Tensor): tf.Tensor {
  const weight = param(model, `${name}.weight`);
  const [inputs = 0, outputs = 0] = weight.shape;
  const y = tf.add(model.product(tf.reshape(x, [-1, inputs]), weight), param(model, `${name}.bias`));
  return tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
}

/** (E4) */
function layerNorm(model: Model, name: string, x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const xHat = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, layerNormEps)));
  return tf.add(tf.mul(xHat, param(model, `${name}.weight`)), param(model, `${name}.bias`));
}

/** (E9) */
const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

/** (E1) [B, C, S, S] → [B, N, D] */
function patchEmbed(model: Model, images: tf.Tensor): tf.Tensor {
  const grid = tf.reshape(images, [-1, C, g, p, g, p]);
  const patches = tf.reshape(tf.transpose(grid, [0, 2, 4, 1, 3, 5]), [-1, g * g, C * p * p]);
  return linear(model, "patch_embed.proj", patches);
}

/** (E3) */
function embed(model: Model, patches: tf.Tensor): tf.Tensor {
  const [B = 0] = patches.shape;
  const token = (name: string): tf.Tensor => tf.tile(param(model, name), [B, 1, 1]);
  return tf.add(tf.concat([token("cls_token"), token("dist_token"), patches], 1), param(model, "pos_embed"));
}

/** (E5) to (E8) */
function selfAttention(model: Model, name: string, x: tf.Tensor): tf.Tensor {
  const [B = 0, T = 0] = x.shape;
  const split = tf.reshape(linear(model, `${name}.qkv`, x), [B, T, 3, h, d]); //                 (E5)
  const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])); //                        (E6) [B, h, T, d]
  if (q === undefined || k === undefined || v === undefined) throw new Error("three roles were split");
  const scores = tf.mul(model.product(q, tf.transpose(k, [0, 1, 3, 2])), d ** -0.5); //         (E7)
  const o = model.product(tf.softmax(scores), v);
  return linear(model, `${name}.proj`, tf.reshape(tf.transpose(o, [0, 2, 1, 3]), [B, T, D])); // (E8)
}

/** (E10) */
const mlp = (model: Model, name: string, x: tf.Tensor): tf.Tensor => linear(model, `${name}.fc2`, gelu(linear(model, `${name}.fc1`, x)));

/** The multipliers of a block's two branches, [B, 1, 1]; null: nothing is dropped. */
export type DropPath = { readonly attn: tf.Tensor; readonly mlp: tf.Tensor } | null;

/** x + m ⊙ branch */
const residual = (x: tf.Tensor, branch: tf.Tensor, m?: tf.Tensor): tf.Tensor => tf.add(x, m === undefined ? branch : tf.mul(branch, m));

/** (E11), (E12) */
function block(model: Model, name: string, x: tf.Tensor, dropPath: DropPath): tf.Tensor {
  const u = residual(x, selfAttention(model, `${name}.attn`, layerNorm(model, `${name}.norm1`, x)), dropPath?.attn);
  return residual(u, mlp(model, `${name}.mlp`, layerNorm(model, `${name}.norm2`, u)), dropPath?.mlp);
}

/** The logits of each head, [B, K]. */
export interface Logits {
  readonly head: tf.Tensor;
  readonly head_dist: tf.Tensor;
}

/** [B, C, S, S] → the logits of both heads. */
export function deitLogits(model: Model, images: tf.Tensor, dropPath: readonly DropPath[]): Logits {
  let x = embed(model, patchEmbed(model, images));
  for (let i = 0; i < L; i++) x = block(model, `blocks.${i}`, x, dropPath[i] ?? null);
  const [B = 0] = images.shape;
  const z = layerNorm(model, "norm", x); //                                                    (E13)
  const token = (index: number): tf.Tensor => tf.reshape(tf.slice(z, [0, index, 0], [B, 1, D]), [B, D]);
  return { head: linear(model, "head", token(0)), head_dist: linear(model, "head_dist", token(1)) }; // (E14), (E15)
}
