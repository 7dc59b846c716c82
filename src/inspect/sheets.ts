/** Paints the pictures of an inspection: attention and rollout as maps, alone and over the image. */
import type { Pixels } from "../data/pixels/pixels.ts";
import { tokenCount, type DeitConfig } from "../model/config.ts";
import type { LayerMaps, TokenMap } from "./attention.ts";
import type { Inspection } from "./inspection.ts";
import { heatMap, overlay, pictureOf, resized, sheet } from "./pictures.ts";
import { scaleOf, timesEven, type Doublings } from "./scale.ts";

/** The approximate width of a picture on a sheet, and the least width of the rollout's pictures, in pixels. */
const [SMALL, LARGE] = [128, 224];

/** The width of a picture on a sheet, so that a patch has a whole number of pixels. */
function smallSide({ imageSize: S, patchSize: p }: DeitConfig): number {
  const n = S / p;
  return n * Math.max(1, Math.round(SMALL / n));
}

const largeSide = (S: number): number => S * Math.ceil(LARGE / S);

/** The maps of one token in times the even share, one for each column. */
type Row = readonly Float64Array[];

/** Rows for attention, whose even share is that of all T tokens: 1/T. */
const attended = (layer: LayerMaps, config: DeitConfig): readonly Row[] => {
  const even = 1 / tokenCount(config);
  const tokens = layer[0]?.tokens ?? [];
  return tokens.map((_, i) => layer.map((column) => timesEven(column.tokens[i]?.patches ?? new Float64Array(1), even)));
};

/** Rows for a rollout, whose even share is that among the patches, since most of a token remains the token itself. */
const mixed = (rollouts: Inspection["rollouts"]): readonly Row[] => {
  const tokens = rollouts[0] ?? [];
  const map = ({ patches, share }: TokenMap): Float64Array => timesEven(patches, share / patches.length);
  return tokens.map((_, i) => rollouts.flatMap((layer) => layer.slice(i, i + 1).map(map)));
};

/** One scale for all maps of attention, so that they can be compared. */
export const attentionScale = ({ attention, config }: Inspection): Doublings =>
  scaleOf(attention.flatMap((layer) => attended(layer, config)).flat());

/** The scale of the rollout: that of the last block, where differences are smallest. */
export const rolloutScale = ({ rollouts }: Inspection): Doublings => scaleOf(mixed(rollouts.slice(-1)).flat());

/** Two rows for each token: its maps, and the same over the image. */
const doubled = (rows: readonly Row[], picture: Pixels, d: Doublings): Pixels =>
  sheet(rows.flatMap((row) => [row.map((times) => heatMap(times, picture.width, d)), row.map((times) => overlay(picture, times, d))]));

const pictureAt = ({ image, config }: Inspection, side: number): Pixels => resized(pictureOf(image.pixels, config.imageSize), side, side);

/** The attention of a block; columns are the mean of the heads, then each of them. */
export const attentionSheet = (inspection: Inspection, layer: LayerMaps, d: Doublings): Pixels =>
  doubled(attended(layer, inspection.config), pictureAt(inspection, smallSide(inspection.config)), d);

/** The rollout after each block, a column each. */
export const rolloutsSheet = (inspection: Inspection): Pixels =>
  doubled(mixed(inspection.rollouts), pictureAt(inspection, smallSide(inspection.config)), rolloutScale(inspection));

/** The rollout after the last block, and the same over the image: a row for each token. */
export function rolloutSheet(inspection: Inspection): Pixels {
  const picture = pictureAt(inspection, largeSide(inspection.config.imageSize));
  const d = rolloutScale(inspection);
  const last = mixed(inspection.rollouts.slice(-1)).flat();
  return sheet(last.map((times) => [heatMap(times, picture.width, d), overlay(picture, times, d)]));
}
