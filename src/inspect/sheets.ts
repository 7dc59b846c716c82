/** The pictures of an inspection: attention and rollout as maps, beside the maps over the image. */
import type { Pixels } from "../data/images/pixels.ts";
import type { DeitConfig } from "../model/config.ts";
import type { LayerMaps, TokenMap } from "./attention.ts";
import type { Inspection } from "./inspection.ts";
import { heatMap, overlay, pictureOf, resized, sheet, type Floor } from "./pictures.ts";

/** What a picture on a sheet is wide, about, and the rollout's at least; in pixels. */
const [SMALL, LARGE] = [128, 224];

/** A patch on a sheet has a whole number of pixels. */
function smallSide({ imageSize: S, patchSize: p }: DeitConfig): number {
  const n = S / p;
  return n * Math.max(1, Math.round(SMALL / n));
}

const largeSide = (S: number): number => S * Math.ceil(LARGE / S);

/** Two rows for each token: its maps, one a column, and the same over the image. */
function rowsOf(columns: readonly (readonly TokenMap[])[], picture: Pixels, floor: Floor): readonly (readonly Pixels[])[] {
  const tokens = columns[0] ?? [];
  return tokens.flatMap((_, i) => {
    const maps = columns.map((column) => column[i]?.patches ?? new Float64Array(1));
    return [maps.map((patches) => heatMap(patches, picture.width, floor)), maps.map((patches) => overlay(picture, patches, floor))];
  });
}

const pictureAt = ({ subject, config }: Inspection, side: number): Pixels =>
  resized(pictureOf(subject.pixels, config.imageSize), side, side);

/** A layer: columns are the mean of the heads, then each of them. */
export const attentionSheet = (inspection: Inspection, layer: LayerMaps): Pixels =>
  sheet(
    rowsOf(
      layer.map(({ tokens }) => tokens),
      pictureAt(inspection, smallSide(inspection.config)),
      "zero",
    ),
  );

/** Columns are the rollout after each block. */
export const rolloutsSheet = (inspection: Inspection): Pixels =>
  sheet(rowsOf(inspection.rollouts, pictureAt(inspection, smallSide(inspection.config)), "least"));

/** The image, and the rollout after the last block: a row for each token. */
export function rolloutSheet(inspection: Inspection): Pixels {
  const picture = pictureAt(inspection, largeSide(inspection.config.imageSize));
  const last = inspection.rollouts.at(-1) ?? [];
  return sheet(last.map(({ patches }) => [picture, heatMap(patches, picture.width, "least"), overlay(picture, patches, "least")]));
}
