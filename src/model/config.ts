/** Configurations of DeiT (deit.md 4.1): the published ones by name, and any other sizes. */

/** The sizes of a DeiT, in the letters of docs/deit.md 1.1. */
export interface DeitConfig {
  /** S, in pixels: a multiple of p. */
  readonly imageSize: number;
  /** p, in pixels. */
  readonly patchSize: number;
  /** C */
  readonly channels: number;
  /** D */
  readonly width: number;
  /** L */
  readonly depth: number;
  /** h, a divisor of D. */
  readonly heads: number;
  /** M/D; it need not be an integer, but M = D · mlpRatio must be. */
  readonly mlpRatio: number;
  /** K */
  readonly classes: number;
  /** Whether the model has a distillation token and a second head. */
  readonly distilled: boolean;
  /** ε of every layer norm. */
  readonly layerNormEps: number;
  /** Learned position embeddings, or the fixed ones of (E34). */
  readonly position: "learned" | "fixed";
}

/** The sizes of Table 1. */
type PublishedSize = "tiny" | "small" | "base";

/** The published models by name. */
export type DeitName = `deit-${PublishedSize}` | `deit-${PublishedSize}-distilled`;

/** The same under timm's names, at 224 or at 384 pixels. */
export type TimmName = `deit_${PublishedSize}${"" | "_distilled"}_patch16_${224 | 384}`;

/** Width and heads; 12 layers, 16-pixel patches and head width 64 are common to all (Table 1). */
const published: { readonly [name: string]: Pick<DeitConfig, "width" | "heads"> } = {
  tiny: { width: 192, heads: 3 },
  small: { width: 384, heads: 6 },
  base: { width: 768, heads: 12 },
};

/** What every published model shares. */
const common: Omit<DeitConfig, "width" | "heads" | "distilled"> = {
  imageSize: 224,
  patchSize: 16,
  channels: 3,
  depth: 12,
  mlpRatio: 4,
  classes: 1000,
  layerNormEps: 1e-6,
  position: "learned",
};

/** The names that `deitConfig` knows. */
export const deitNames: readonly string[] = Object.keys(published).flatMap((size) => [`deit-${size}`, `deit-${size}-distilled`]);

/** `deit-tiny-distilled`, or timm's `deit_tiny_distilled_patch16_224`. */
const NAME = /^deit[-_](tiny|small|base)([-_]distilled)?(?:_patch16_(224|384))?$/;

/** The fields that must be positive integers. */
const counts = ["imageSize", "patchSize", "channels", "width", "depth", "heads", "classes"] as const;

/**
 * Returns `config` if it describes a model.
 *
 * @throws RangeError naming the field that is out of range
 */
export function checkedConfig(config: DeitConfig): DeitConfig {
  for (const field of counts) {
    const value = config[field];
    if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`config: ${field} must be a positive integer, got ${value}`);
  }
  const { imageSize, patchSize, width, heads, mlpRatio, layerNormEps, position } = config;
  const M = mlpWidth(config);
  if (imageSize % patchSize !== 0) throw new RangeError(`config: imageSize must be a multiple of patchSize ${patchSize}, got ${imageSize}`);
  if (width % heads !== 0) throw new RangeError(`config: heads must divide width ${width}, got ${heads}`);
  if (!(Number.isInteger(M) && M > 0))
    throw new RangeError(`config: mlpRatio times width ${width} must be a positive integer, got ${mlpRatio}`);
  if (!(layerNormEps > 0)) throw new RangeError(`config: layerNormEps must be > 0, got ${layerNormEps}`);
  if (position === "fixed" && width % 2 !== 0) throw new RangeError(`config: fixed positions need an even width, got ${width}`);
  return config;
}

/**
 * The configuration of a published model, with some fields changed: `deitConfig("deit-tiny-distilled", { imageSize: 384 })`.
 *
 * @param name any string, for instance from a command line; editors complete the known names
 * @throws RangeError for an unknown name, or naming the field that is out of range
 */
export function deitConfig(name: DeitName | TimmName | (string & {}), changes: Partial<DeitConfig> = {}): DeitConfig {
  const [, size = "", distilled, side = `${common.imageSize}`] = NAME.exec(name) ?? [];
  const sizes = published[size];
  if (sizes === undefined) throw new RangeError(`unknown model ${name}; known: ${deitNames.join(", ")}`);
  return checkedConfig({ ...common, ...sizes, imageSize: Number(side), distilled: distilled !== undefined, ...changes });
}

/** N = (S/p)² */
export const patchCount = ({ imageSize, patchSize }: DeitConfig): number => (imageSize / patchSize) ** 2;

/** P: 1 plain, 2 distilled. */
export const prefixCount = ({ distilled }: DeitConfig): number => (distilled ? 2 : 1);

/** M = D · mlpRatio. A ratio that was computed as M/D can give, times D, a number that differs from M by a rounding error; the result is M. */
export const mlpWidth = ({ width, mlpRatio }: Pick<DeitConfig, "width" | "mlpRatio">): number => {
  const exact = width * mlpRatio;
  const whole = Math.round(exact);
  return Math.abs(exact - whole) <= whole * Number.EPSILON ? whole : exact;
};

/** T = N + P */
export const tokenCount = (config: DeitConfig): number => patchCount(config) + prefixCount(config);
