/** The table `[data]`: the images, and how they are augmented. */
import type { z } from "zod";
import type { Policy } from "../../data/augment/settings.ts";
import type { DataRecipe } from "../../train/run/recipe.ts";
import {
  computed,
  count,
  flag,
  given,
  listOf,
  natural,
  number,
  oneOf,
  orWord,
  positive,
  rangeOf,
  required,
  share,
  tableOf,
  text,
} from "../fields.ts";
import type { Table } from "../text.ts";

/** `rand-mM-mstdS-inc1`: M and S from 0 to 10. */
const RANDAUGMENT = /^rand-m(\d(?:\.\d+)?|10)-mstd(\d(?:\.\d+)?|10)-inc1$/;
const NAMED = ["none", "autoaugment"] as const;
const POLICY = new RegExp(`^(?:${NAMED.join("|")})$|${RANDAUGMENT.source}`);
const policyError = 'must be "rand-mM-mstdS-inc1" with M and S from 0 to 10, such as "rand-m9-mstd0.5-inc1", or "autoaugment" or "none"';

/** The longest side of images that are cropped with a margin of zeros (deit.md 7.6), in pixels. */
const SMALL = 32;

const table = tableOf({
  train: required(
    text,
    "--set data.train=DATA, where DATA is a folder or a .tar with a sub-folder a class, cifar10:PATH, digits or synthetic:N",
    "training images: digits, synthetic:N, cifar10:PATH, a folder or a .tar; :train and :test choose a split",
  ),
  test: computed(text, "this project: the split test of data.train", "test images, likewise; default: data.train with the split test"),
  images: given(
    orWord("all", "a positive integer", { integer: true, least: 1 }),
    "all",
    "this project",
    "how many of the training images there are, as many of each class; the seed draws them",
  ),
  mean: given(listOf(number("numbers")), [0.485, 0.456, 0.406], "deit.md 7.6", "mean of the pixels scaled to [0, 1], one value a channel"),
  std: given(listOf(positive), [0.229, 0.224, 0.225], "deit.md 7.6", "standard deviation of the pixels, likewise"),
  repeats: given(count, 3, "deit.md 7.11", "views of an image in an epoch; 1: no repeated augmentation"),
  crop: computed(
    oneOf("resized", "padded", "none"),
    "deit.md 7.6",
    `resized: random resized crop; padded: crop with a margin of zeros; default: padded for sides up to ${SMALL}, else resized`,
  ),
  area: given(
    rangeOf(number("a number in (0, 1]", { above: 0, most: 1 })),
    [0.08, 1],
    "deit.md 7.7",
    "range of a resized crop's share of the image",
  ),
  aspect: given(rangeOf(positive), [3 / 4, 4 / 3], "deit.md 7.7", "range of a resized crop's width divided by its height"),
  padding: given(natural, 4, "deit.md 7.6", "zeros on each side of the image before a padded crop, in pixels"),
  flip: given(flag, true, "deit.md 7.6", "whether a random half of the images is mirrored"),
  rotation: given(
    number("an angle from 0 to 180, in degrees", { least: 0, most: 180 }),
    0,
    "this project",
    "largest random rotation to either side, in degrees",
  ),
  policy: given(
    text.regex(POLICY, { error: policyError }),
    "rand-m9-mstd0.5-inc1",
    "deit.md 7.8",
    "RandAugment of mean magnitude M and deviation S (rand-mM-mstdS-inc1), autoaugment, or none",
  ),
  colour_jitter: given(share, 0.3, "deit.md 7.1", "strength of the colour jitter, which acts only with policy none"),
  erasing: given(share, 0.25, "deit.md 7.10", "probability that a rectangle of an image is erased"),
});

/** The schema. */
export const dataTable: z.ZodObject = table;

/** The images before it is known where they are. */
export interface DataDraft extends Omit<DataRecipe, "train" | "test"> {
  /** The training images; null: not set yet. */
  readonly train: string | null;
  /** The test images; null: not set yet. */
  readonly test: string | null;
}

function policyOf(name: string): Policy {
  const kind = NAMED.find((known) => known === name);
  if (kind !== undefined) return { kind };
  const [, magnitude, deviation] = RANDAUGMENT.exec(name) ?? [];
  return { kind: "randaugment", magnitude: Number(magnitude), deviation: Number(deviation) };
}

/** The test images that go with training images; null: they do not follow from the name. */
function testOf(train: string): string | null {
  if (train.endsWith(":test")) return null;
  return train.startsWith("synthetic:") ? train : `${train.replace(/:train$/, "")}:test`;
}

/** Adds what follows from other values. */
export function completedData(data: unknown, imageSize: number): Table {
  const {
    train,
    test = train === undefined ? null : testOf(train),
    crop = imageSize <= SMALL ? "padded" : "resized",
    ...same
  } = table.parse(data);
  return { ...(train === undefined ? {} : { train }), ...(test === null ? {} : { test }), crop, ...same };
}

/** What a completed table says. */
export function dataOf(data: unknown): DataDraft {
  const { train = null, test = null, images, crop = "none", policy, colour_jitter: colourJitter, ...same } = table.parse(data);
  return { ...same, images: images === "all" ? null : images, train, test, crop, policy: policyOf(policy), colourJitter };
}
