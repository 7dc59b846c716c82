/**
 * The operations that replace each value of a channel by another (deit.md 7.8), and their arguments at magnitude M:
 *
 *   AutoContrast   trunc(v k − lo k), clipped, k = 255/(hi − lo)       lo, hi: the lowest and highest value present; if equal, unchanged
 *   Equalize       min(255, (⌊q/2⌋ + number of pixels below v) // q)   q = (pixels − those of the highest value present) // 255;
 *                                                                      unchanged if q = 0 or one value only is present
 *   Invert         255 − v
 *   Solarize       v if v < t, else 255 − v                            t = trunc(256 M/10); …Increasing: 256 − that
 *   SolarizeAdd    min(255, v + a) if v < 128, else v                  a = trunc(110 M/10)
 *   Posterize      the highest b bits of v                             b = trunc(4 M/10); …Original: 4 + that; …Increasing: 4 − that
 */
import type { PixelKernels } from "../pixels/kernels.ts";
import type { Pixels } from "../pixels/pixels.ts";
import { level, type GradedOperation, type Operation, type PlainOperation } from "./operation.ts";

/** Values of a byte, and the largest. */
const [VALUES, FULL] = [256, 255];
/** Above these values, solarising with addition leaves pixels unchanged. */
const HALF = 128;
/** The additions at the largest magnitude. */
const ADDED = 110;
/** The bits of a byte, and those that the largest magnitude of Posterize decides about. */
const [BITS, DECIDED] = [8, 4];

/** A table a channel, [C, 256]. */
const tables = (channels: number, valueOf: (v: number, c: number) => number): Uint8Array =>
  Uint8Array.from({ length: VALUES * channels }, (_, i) => valueOf(i % VALUES, Math.floor(i / VALUES)));

/** An operation with the same table for every channel and image. */
const fixed = (argument: (M: number) => number, valueOf: (v: number, argument: number) => number): GradedOperation => ({
  isSigned: false,
  argument,
  apply: (kernels, image, argument) =>
    kernels.lookUp(
      image,
      tables(image.channels, (v) => valueOf(v, argument)),
    ),
});

/** An operation whose tables follow from each channel's histogram; null: the channel is unchanged. */
function adapted(tableOf: (counts: Uint32Array) => ((v: number) => number) | null): PlainOperation {
  const apply = (kernels: PixelKernels, image: Pixels): Pixels => {
    const counts = kernels.histogram(image);
    const channels = Array.from({ length: image.channels }, (_, c) => tableOf(counts.subarray(c * VALUES, (c + 1) * VALUES)));
    return kernels.lookUp(
      image,
      tables(image.channels, (v, c) => channels[c]?.(v) ?? v),
    );
  };
  return { argument: null, apply };
}

const highest = (counts: Uint32Array): number => counts.findLastIndex((count) => count > 0);

function stretched(counts: Uint32Array): ((v: number) => number) | null {
  const [low, high] = [counts.findIndex((count) => count > 0), highest(counts)];
  if (high <= low) return null;
  const scale = FULL / (high - low);
  const offset = -low * scale;
  return (v) => Math.min(Math.max(Math.trunc(v * scale + offset), 0), FULL);
}

function equalised(counts: Uint32Array): ((v: number) => number) | null {
  const pixels = counts.reduce((a, b) => a + b, 0);
  const step = Math.floor((pixels - (counts[highest(counts)] ?? 0)) / FULL);
  if (step === 0) return null; // also if one value only is present
  let below = Math.floor(step / 2);
  const table = counts.map((count) => {
    const value = Math.min(FULL, Math.floor(below / step));
    below += count;
    return value;
  });
  return (v) => table[v] ?? v;
}

const solarised = (v: number, threshold: number): number => (v < threshold ? v : FULL - v);
const posterised = (v: number, bits: number): number => v & -(2 ** (BITS - bits));

const threshold = (M: number): number => Math.trunc(level(M) * VALUES);
const bits = (M: number): number => Math.trunc(level(M) * DECIDED);

/** timm's names. */
export type TableName =
  | "AutoContrast"
  | "Equalize"
  | "Invert"
  | "SolarizeAdd"
  | `Solarize${"" | "Increasing"}`
  | `Posterize${"" | "Increasing" | "Original"}`;

/** The operations by timm's names. */
export const tableOperations: { readonly [N in TableName]: Operation } = {
  AutoContrast: adapted(stretched),
  Equalize: adapted(equalised),
  Invert: {
    argument: null,
    apply: (kernels, image) =>
      kernels.lookUp(
        image,
        tables(image.channels, (v) => FULL - v),
      ),
  },
  Posterize: fixed(bits, posterised),
  PosterizeIncreasing: fixed((M) => DECIDED - bits(M), posterised),
  PosterizeOriginal: fixed((M) => DECIDED + bits(M), posterised),
  Solarize: fixed(threshold, solarised),
  SolarizeIncreasing: fixed((M) => VALUES - threshold(M), solarised),
  SolarizeAdd: fixed(
    (M) => Math.trunc(level(M) * ADDED),
    (v, added) => (v < HALF ? Math.min(FULL, v + added) : v),
  ),
};
