/** Models by name, as commands take them. */
import { deitConfig, deitNames, type DeitConfig } from "../../model/config.ts";
import { regnetConfig, regnetNames, type RegnetConfig } from "../../teacher/config.ts";
import { nearest } from "../../recipe/nearest.ts";

export type NamedModel =
  | { readonly kind: "deit"; readonly name: string; readonly config: DeitConfig }
  | { readonly kind: "regnety"; readonly name: string; readonly config: RegnetConfig; readonly imageSize: number };

/** Where RegNetY is compared (deit.md 8.1), in pixels. */
const REGNETY_SIDE = 224;

const known: readonly string[] = [...deitNames, ...regnetNames];

/** A configuration with its image size changed, if one is given. */
export function resizedConfig(config: DeitConfig, imageSize: number | undefined): DeitConfig {
  const { patchSize: p } = config;
  if (imageSize !== undefined && imageSize % p !== 0)
    throw new RangeError(`--image-size must be a multiple of the patch, ${p}: got ${imageSize}, ${Math.ceil(imageSize / p) * p} would do`);
  return { ...config, imageSize: imageSize ?? config.imageSize };
}

/** The configuration, or null for a name that is not known there. */
function named<T>(configOf: (name: string) => T, name: string): T | null {
  try {
    return configOf(name);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The model of that name, in our spelling or timm's.
 *
 * @throws RangeError for an unknown name, with the nearest one, or an image size that does not fit
 */
export function modelNamed(name: string, imageSize?: number): NamedModel {
  const deit = named(deitConfig, name);
  if (deit !== null) return { kind: "deit", name, config: resizedConfig(deit, imageSize) };
  const regnet = named(regnetConfig, name);
  if (regnet !== null) return { kind: "regnety", name, config: regnet, imageSize: imageSize ?? REGNETY_SIDE };
  throw new RangeError(`unknown model ${name}; did you mean ${nearest(name, known, 1).join()}? known: ${known.join(", ")}`);
}
