/**
 * Initial values (deit.md 6.1, the authors' code).
 *
 *   linear weights, tokens, positions   N(0, 0.02²), redrawn beyond ±2
 *   linear biases                       0
 *   layer norm γ, β                     1, 0
 *   patch projection, weight and bias   uniform on ±1/√(C·p²), a convolution's default
 *
 * The bounds are absolute, 100 standard deviations away, and so have no effect in practice. (PyTorch maps a uniform draw of exactly −1 to −∞ and
 * clamps it to −2.)
 */
import type { Kernels } from "../kernels/kernels.ts";
import { fold, normalAt, uniform53At, type Key } from "../tensor/key.ts";
import { size, type Shape } from "../tensor/tensor.ts";
import type { DeitConfig } from "./config.ts";
import type { DeitParams } from "./deit.ts";
import { buildParams } from "./params.ts";

const DEVIATION = 0.02;
const BOUND = 2;

/** Draw i of the truncated normal: candidates are drawn until one lies within the bounds. */
function truncatedNormal(key: Key, i: number): number {
  for (let attempt = 0; ; attempt++) {
    const x = DEVIATION * normalAt(attempt === 0 ? key : fold(key, attempt), i);
    if (Math.abs(x) <= BOUND) return x;
  }
}

/** The initial values of one parameter, drawn from a key derived from its name. */
export function initialValues({ channels, patchSize }: DeitConfig, key: Key, name: string, shape: Shape): Float64Array {
  const own = fold(key, name);
  const values = new Float64Array(size(shape));
  if (name.startsWith("patch_embed.proj.")) {
    const limit = 1 / Math.sqrt(channels * patchSize ** 2);
    for (let i = 0; i < values.length; i++) values[i] = limit * (2 * uniform53At(own, i) - 1);
  } else if (/(^|\.)norm\d?\.weight$/.test(name)) {
    values.fill(1);
  } else if (!name.endsWith(".bias")) {
    for (let i = 0; i < values.length; i++) values[i] = truncatedNormal(own, i);
  }
  return values;
}

/** Freshly drawn parameters to train from. */
export const initialParams = (k: Kernels, config: DeitConfig, key: Key): DeitParams =>
  buildParams(config, (name, shape) => k.upload(shape, initialValues(config, key, name, shape)));
