/** How the views of a recipe are drawn, and the draws that a user gives. */
import { readFileSync } from "node:fs";
import { checkSettings } from "../../data/augment/checkSettings.ts";
import type { ViewDraw } from "../../data/augment/draw.ts";
import { drawOf } from "../../data/augment/drawJson.ts";
import { operationNames } from "../../data/augment/operations.ts";
import { deitSettings, type AugmentSettings } from "../../data/augment/settings.ts";
import { drawView, viewKey } from "../../data/augment/view.ts";
import { checkedNormalisation, IMAGENET, type Normalisation } from "../../data/normalise.ts";
import type { Size } from "../../data/pixels/pixels.ts";
import { parseJson } from "../../io/strictJson.ts";
import { nearest } from "../../recipe/nearest.ts";
import { recipeValues } from "../../recipe/recipe.ts";
import { fold, keyOf, type Key } from "../../tensor/key.ts";
import { aboutFile } from "./aboutFile.ts";

/** `did you mean Rotate?` */
export const operationHint = (name: string): string => `did you mean ${nearest(name, operationNames, 1).join()}?`;

/** A source of views: the settings of a training run. */
export interface Views {
  /** In words. */
  readonly name: string;
  readonly settings: AugmentSettings;
  /** Of the images: 1 or 3. */
  readonly channels: number;
  /** The side of a view, in pixels. */
  readonly S: number;
  readonly normalisation: Normalisation;
  readonly seed: number;
}

const RGB = 3;

/**
 * The views of a recipe, or of DeiT-B's settings if none is given.
 *
 * @throws RangeError for a recipe that cannot be read, and settings that are not possible
 */
export function viewsOf(recipe: string | undefined, seed: number | undefined, side: number): Views {
  if (recipe === undefined)
    return { name: "DeiT-B's settings", settings: deitSettings, channels: RGB, S: side, normalisation: IMAGENET, seed: seed ?? 0 };
  const read = recipeValues(recipe, seed === undefined ? {} : { seed }).draft;
  const { imageSize: S, channels } = read.model;
  if (channels !== RGB && channels !== 1)
    throw new RangeError(`recipe ${recipe}: model.channels must be 1 or ${RGB} for an image file, got ${channels}`);
  return {
    name: `the recipe ${read.name}`,
    settings: checkSettings(read.data, channels, S),
    channels,
    S,
    normalisation: checkedNormalisation(read.data, channels),
    seed: read.seed,
  };
}

/** The key of a sample's first view in an epoch, as training has it. */
export const keyOfView = ({ seed }: Views, epoch: number, sample: number): Key => viewKey(fold(keyOf(seed), "student"), epoch, sample, 0);

/** The draw of that view. */
export const drawnView = (views: Views, image: Size, epoch: number, sample: number): ViewDraw =>
  drawView(keyOfView(views, epoch, sample), image, views.S, views.settings);

/** The draw in a JSON file. @throws RangeError naming the file */
export function drawAt(path: string, image: Size, S: number): ViewDraw {
  try {
    return drawOf(parseJson(readFileSync(path, "utf8")), { image, S, hint: operationHint });
  } catch (error) {
    throw aboutFile(path, error);
  }
}
