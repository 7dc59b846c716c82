/** The maps of attention as pictures, as `deit inspect` paints them. */
import type { TokenMap } from "#deit/inspect/attention.js";
import type { Pixels } from "#deit/data/pixels/pixels.js";
import type { Inspection } from "#deit/inspect/inspection.js";
import { heatMap, overlay, pictureOf, resized } from "#deit/inspect/pictures.js";
import { scaleOf, timesEven, type Doublings } from "#deit/inspect/scale.js";
import { tokenCount } from "#deit/index.js";

/** The pictures of one map: its colours, and the image under it. */
export interface MapPictures {
  readonly heat: Pixels;
  readonly over: Pixels;
}

/** The most pixels of an image along a side; the page enlarges them. */
const MOST = 64;

/** Paints the maps of an inspection, all on one scale. */
export function mapPainter({ attention, config, image }: Inspection): (map: TokenMap) => MapPictures {
  const { imageSize: S, patchSize: p } = config;
  const n = S / p;
  const side = S <= MOST ? S : n * Math.max(1, Math.floor(MOST / n));
  const even = 1 / tokenCount(config);
  const maps = attention.flatMap((layer) => layer.flatMap(({ tokens }) => tokens.map(({ patches }) => timesEven(patches, even))));
  const scale: Doublings = scaleOf(maps);
  const picture = resized(pictureOf(image.pixels, S), side, side);
  return ({ patches }) => {
    const times = timesEven(patches, even);
    return { heat: heatMap(times, n, scale), over: overlay(picture, times, scale) };
  };
}
