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

/** About how many pixels a picture has along a side, which the page enlarges. */
const SIDE = 48;

/** Paints the maps of an inspection, all on one scale. */
export function mapPainter({ attention, config, image }: Inspection): (map: TokenMap) => MapPictures {
  const { imageSize: S, patchSize: p } = config;
  const n = S / p;
  const side = n * Math.max(1, Math.round(SIDE / n));
  const even = 1 / tokenCount(config);
  const maps = attention.flatMap((layer) => layer.flatMap(({ tokens }) => tokens.map(({ patches }) => timesEven(patches, even))));
  const scale: Doublings = scaleOf(maps);
  const picture = resized(pictureOf(image.pixels, S), side, side);
  return ({ patches }) => {
    const times = timesEven(patches, even);
    return { heat: heatMap(times, side, scale), over: overlay(picture, times, scale) };
  };
}
