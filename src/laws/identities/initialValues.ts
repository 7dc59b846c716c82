/** Initial values (deit.md 6.1): each parameter's distribution, by mean and standard deviation; constants exactly. */
import type { Draw } from "../../check/draw.ts";
import { evaluate, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import { checkedConfig, type DeitConfig } from "../../model/config.ts";
import { initialParams } from "../../model/init.ts";

/** A model so wide that the draws of one token show their standard deviation. */
function drawConfig(draw: Draw): DeitConfig {
  const patchSize = draw.integer(2, 3);
  return checkedConfig({
    imageSize: 2 * patchSize,
    patchSize,
    channels: draw.integer(1, 3),
    width: draw.oneOf([20, 24]),
    depth: 1,
    heads: 2,
    mlpRatio: draw.oneOf([0.5, 1]),
    classes: draw.integer(2, 5),
    distilled: true,
    layerNormEps: 1e-6,
    position: "learned",
  });
}

/** A distribution of mean 0: its standard deviation, the relative standard error of that in a sample of n draws, times √n, and its bound. */
interface Spread {
  readonly deviation: number;
  readonly wobble: number;
  readonly bound: number;
}

/** N(0, 0.02²) within ±2. */
const NORMAL: Spread = { deviation: 0.02, wobble: Math.sqrt(1 / 2), bound: 2 };

/** Uniform on ±1/√(C·p²): the fourth moment is 9/5 of the squared variance, and √((9/5 − 1)/4) = √(1/5). */
function uniform({ channels, patchSize }: DeitConfig): Spread {
  const bound = 1 / Math.sqrt(channels * patchSize * patchSize);
  return { deviation: bound / Math.sqrt(3), wobble: Math.sqrt(1 / 5), bound };
}

/** The error of the draws' mean and standard deviation, in standard errors; Infinity if a draw is beyond the bound. */
function spreadError({ data }: HostArray, { deviation, wobble, bound }: Spread, round: Draw["round"]): number {
  const n = data.length;
  if (data.some((x) => Math.abs(x) > round(bound))) return Infinity;
  const mean = data.reduce((a, b) => a + b, 0) / n;
  const found = Math.sqrt(data.reduce((total, x) => total + x * x, 0) / n);
  return Math.max(Math.abs(mean) / (deviation / Math.sqrt(n)), Math.abs(found / deviation - 1) / (wobble / Math.sqrt(n)));
}

const constantError = ({ data }: HostArray, value: number): number => (data.every((x) => x === value) ? 0 : Infinity);

/** The error of one parameter by the rule of deit.md 6.1 for its name. */
function error(name: string, values: HostArray, config: DeitConfig, round: Draw["round"]): number {
  if (name.startsWith("patch_embed.proj")) return spreadError(values, uniform(config), round);
  if (name.endsWith("bias")) return constantError(values, 0);
  return name.includes("norm") ? constantError(values, 1) : spreadError(values, NORMAL, round);
}

export const initialValuesRow: Row = {
  id: "identity/initial-values",
  title: "initial values: normal of deviation 0.02, zeros, ones, and the patch projection's uniform; no two parameters alike",
  tolerance: tolerances.deviations,
  error: async (engine, draw) => {
    const [config, key] = [drawConfig(draw), draw.key()];
    const leaves = await evaluate(engine, (k) => initialParams(k, config, key));
    const drawn = [...leaves].filter(([name]) => name === "cls_token" || name === "dist_token" || name.startsWith("head"));
    const firsts = drawn.map(([, { data }]) => data[0]).filter((first) => first !== 0);
    const alike = new Set(firsts).size < firsts.length;
    return alike ? Infinity : Math.max(...[...leaves].map(([name, values]) => error(name, values, config, draw.round)));
  },
};
