/**
 * Generates weights and images from a seed (recording format, section 4), so that the recording of a large model need not store them.
 *
 *   mix(x)   x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16        unsigned, mod 2³²
 *   key      mix(fnv(name) ^ mix(seed))
 *   u(i)     mix(key + i·0x9e3779b9)/2³²                                                           i = flat index
 *   value    round32(c + r·(2u − 1))                                                               c, r by the kind of tensor
 */
import type { HostArray } from "../../check/host.ts";
import { size, type Shape } from "../../tensor/tensor.ts";

const GOLDEN_RATIO = 0x9e3779b9;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export function mix(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-8 bytes. */
function fnv(name: string): number {
  let h = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, FNV_PRIME);
  return h >>> 0;
}

/** The key of a tensor. Key and seed are 32-bit words. */
export const hashKey = (name: string, seed: number): number => mix(fnv(name) ^ mix(seed));

/** Centre c and radius r of the values, from the table in section 4. */
function rangeOf(name: string, shape: Shape): readonly [c: number, r: number] {
  if (name === "images") return [0, 2];
  if (/(^|\.)norm[12]?\.weight$/.test(name)) return [1, 0.1];
  if (name.endsWith(".bias") || ["cls_token", "dist_token", "pos_embed"].includes(name)) return [0, 0.05];
  if (name === "patch_embed.proj.weight") return [0, 0.06];
  const [, inputs = 1] = shape;
  return [0, Math.sqrt(3 / inputs)];
}

/** The values of a weight (by timm's name) or of `images`; all are representable in f32. */
export function hashed(name: string, shape: Shape, seed: number): HostArray {
  const key = hashKey(name, seed);
  const [c, r] = rangeOf(name, shape);
  const data = new Float64Array(size(shape));
  for (let i = 0; i < data.length; i++) {
    const u = mix(key + Math.imul(i, GOLDEN_RATIO)) / 2 ** 32;
    data[i] = Math.fround(c + r * (2 * u - 1));
  }
  return { shape, data };
}
