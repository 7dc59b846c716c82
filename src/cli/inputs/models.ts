/** Models by the names that commands take. */
import { deitConfig, deitNames, type DeitConfig } from "../../model/config.ts";
import { regnetConfig, regnetNames, type RegnetConfig } from "../../teacher/config.ts";
import { nearest } from "../../recipe/nearest.ts";

export type NamedModel =
  | { readonly kind: "deit"; readonly name: string; readonly config: DeitConfig }
  | { readonly kind: "regnety"; readonly name: string; readonly config: RegnetConfig; readonly imageSize: number };

/** The image size for which RegNetY's sizes are published (deit.md 8.1), in pixels. */
const REGNETY_SIDE = 224;

const known: readonly string[] = [...deitNames, ...regnetNames];

/** The configuration for another image size; unchanged if none is given. @throws RangeError unless it is a multiple of the patch */
export function resizedConfig(config: DeitConfig, imageSize: number | undefined): DeitConfig {
  const { patchSize: p } = config;
  if (imageSize !== undefined && imageSize % p !== 0)
    throw new RangeError(
      `--image-size must be a multiple of the patch, ${p}: got ${imageSize}; ${Math.ceil(imageSize / p) * p} would be right`,
    );
  return { ...config, imageSize: imageSize ?? config.imageSize };
}

/** The configuration of that name; null: `configOf` does not know it. */
function named<T>(configOf: (name: string) => T, name: string): T | null {
  try {
    return configOf(name);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The model of that name, in this project's spelling or timm's.
 *
 * @throws RangeError for an unknown name, with the nearest known one, or for an image size that does not fit
 */
export function modelNamed(name: string, imageSize?: number): NamedModel {
  const deit = named(deitConfig, name);
  if (deit !== null) return { kind: "deit", name, config: resizedConfig(deit, imageSize) };
  const regnet = named(regnetConfig, name);
  if (regnet !== null) return { kind: "regnety", name, config: regnet, imageSize: imageSize ?? REGNETY_SIDE };
  throw new RangeError(`unknown model ${name}; did you mean ${nearest(name, known, 1).join()}? known: ${known.join(", ")}`);
}
