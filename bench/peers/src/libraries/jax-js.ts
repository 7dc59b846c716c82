/**
 * jax-js on its wasm backend: DeiT's forward pass in jax-js's ops, compiled as one function.
 * A function consumes the arrays that it is called with; `ref` keeps an array for one more use.
 */
import { defaultDevice, init, jit, nn, numpy as np, tree } from "@jax-js/jax";
import { config, image, turnedWeights, type Values } from "../given.ts";
import { NotAvailable, type Library, type Loaded } from "../library.ts";
import { versionOf } from "../version.ts";

const { width: D, heads: h, depth: L, patchSize: p, imageSize: S, channels: C, layerNormEps } = config;
const d = D / h;
const g = S / p;

/** The weights by timm's names; matrices are [in, out]. */
type Params = { [name: string]: np.Array };

const arrayOf = ({ shape, data }: Values): np.Array => np.array(data, { shape: [...shape] });

function param(params: Params, name: string): np.Array {
  const found = params[name];
  if (found === undefined) throw new Error(`nothing named ${name}`);
  return found;
}

/** y = x Wᵀ + b; [..., in] → [..., out] */
const linear = (params: Params, name: string, x: np.Array): np.Array =>
  np.matmul(x, param(params, `${name}.weight`)).add(param(params, `${name}.bias`));

/** (E4) */
function layerNorm(params: Params, name: string, x: np.Array): np.Array {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  const xHat = centred.div(np.sqrt(variance.add(layerNormEps)));
  return xHat.mul(param(params, `${name}.weight`)).add(param(params, `${name}.bias`));
}

/** (E1) [1, C, S, S] → [1, N, D] */
function patchEmbed(params: Params, images: np.Array): np.Array {
  const patches = images.reshape([1, C, g, p, g, p]).transpose([0, 2, 4, 1, 3, 5]);
  return linear(params, "patch_embed.proj", patches.reshape([1, g * g, C * p * p]));
}

/** (E3) */
const embed = (params: Params, patches: np.Array): np.Array =>
  np.concatenate([param(params, "cls_token"), param(params, "dist_token"), patches], 1).add(param(params, "pos_embed"));

/** (E5) to (E8). The dotProductAttention of jax-js needs iterator helpers, which Node has since version 22. */
function selfAttention(params: Params, name: string, x: np.Array): np.Array {
  const [B = 0, T = 0] = x.shape;
  const split = linear(params, `${name}.qkv`, x).reshape([B, T, 3, h, d]); //                   (E5)
  const roles = split.transpose([2, 0, 3, 1, 4]); //                                            (E6) [3, B, h, T, d]
  const [q, k, v] = [roles.ref.slice(0), roles.ref.slice(1), roles.slice(2)];
  const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(d ** -0.5); //                     (E7)
  const o = np.matmul(nn.softmax(scores, -1), v);
  return linear(params, `${name}.proj`, o.transpose([0, 2, 1, 3]).reshape([B, T, D])); //       (E8)
}

/** (E9), (E10) */
const mlp = (params: Params, name: string, x: np.Array): np.Array =>
  linear(params, `${name}.fc2`, nn.gelu(linear(params, `${name}.fc1`, x), { approximate: false }));

/** (E11), (E12) */
function block(params: Params, name: string, x: np.Array): np.Array {
  const u = x.ref.add(selfAttention(params, `${name}.attn`, layerNorm(params, `${name}.norm1`, x)));
  return u.ref.add(mlp(params, `${name}.mlp`, layerNorm(params, `${name}.norm2`, u)));
}

/** [1, C, S, S] → [1, K] */
function deitPredict(params: Params, images: np.Array): np.Array {
  let x = embed(params, patchEmbed(params, images));
  for (let i = 0; i < L; i++) x = block(params, `blocks.${i}`, x);
  const z = layerNorm(params, "norm", x); //                                                     (E13)
  const head = linear(params, "head", z.ref.slice([], 0)); //                                    (E14)
  const head_dist = linear(params, "head_dist", z.slice([], 1)); //                              (E15)
  return head.add(head_dist).div(2); //                                                          (E27)
}

/** @throws NotAvailable for more than one thread: it starts threads as a browser's `Worker`, which Node lacks */
async function forward(threads: number): Promise<Loaded> {
  if (threads > 1) throw new NotAvailable("jax-js has no threads in Node, which lacks a browser's Worker");
  await init("wasm");
  defaultDevice("wasm");
  const params: Params = Object.fromEntries([...turnedWeights()].map(([name, values]) => [name, arrayOf(values)]));
  const predict = jit(deitPredict);
  const pixels = image();
  const run = (): Promise<ArrayLike<number>> => predict(tree.ref(params), arrayOf(pixels)).data();
  return { run, results: async () => new Map([["logits", await run()]]) };
}

export const library: Library = { version: versionOf("@jax-js/jax"), forward, train: null };
