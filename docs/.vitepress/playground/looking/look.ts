/** Looks into a model with an image, by the functions of `deit inspect`. */
import { normalisedTensor, preprocess } from "#deit/data/images/preprocess.js";
import { greyInRgb, luma } from "#deit/data/pixels/grey.js";
import type { Pixels } from "#deit/data/pixels/pixels.js";
import { inspect, type InspectedImage, type Inspection } from "#deit/inspect/inspection.js";
import { resized } from "#deit/inspect/pictures.js";
import type { Deit } from "#deit/train/evaluation/evaluate.js";
import type { DeitConfig, Engine, Normalisation } from "#deit/index.js";
import { DRAWN_SIDE } from "./drawing.ts";
import { decodedFile } from "./imageFile.ts";

/** An image of the page. */
export type Subject =
  | { readonly kind: "test"; readonly index: number }
  /** Levels from 0 to 255, row by row. */
  | { readonly kind: "drawn"; readonly levels: Uint8Array }
  /** An image file. */
  | { readonly kind: "file"; readonly name: string; readonly blob: Blob };

/** What a model expects, besides its sizes. */
export interface Expected {
  readonly normalisation: Normalisation;
  readonly classes: readonly string[];
}

/** Test images by index. */
export interface TestImages {
  readonly image: (i: number) => Pixels;
  readonly label: (i: number) => number;
}

/** One channel of an image. */
function channelOf({ data, width, height, channels }: Pixels, c: number): Pixels {
  return { width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, i) => data[i * channels + c] ?? 0) };
}

/** The image with as many channels as the model takes: one, or three. */
const withChannels = (image: Pixels, channels: number): Pixels =>
  image.channels === channels ? image : channels === 1 ? luma(image) : greyInRgb(image);

/** A drawn digit, enlarged so that each of its cells becomes a square, as the digits of the set are. */
function enlarged(levels: Uint8Array, side: number): Pixels {
  const drawn = greyInRgb({ data: levels, width: DRAWN_SIDE, height: DRAWN_SIDE, channels: 1 });
  return channelOf(resized(drawn, side, side), 0);
}

/** The image as the model takes it, [S, S, C]. */
async function pixelsOf(subject: Subject, { imageSize: S, channels }: DeitConfig, test: TestImages | null): Promise<Pixels> {
  if (subject.kind === "test") {
    if (test === null) throw new RangeError("playground: this model has no test images");
    return test.image(subject.index);
  }
  if (subject.kind === "file") return preprocess(withChannels(await decodedFile(subject.blob), channels), S, "deit");
  return withChannels(enlarged(subject.levels, S), channels);
}

/** The image with what the inspection shows of it. */
async function inspected(
  subject: Subject,
  config: DeitConfig,
  { normalisation, classes }: Expected,
  test: TestImages | null,
): Promise<InspectedImage> {
  const seen = await pixelsOf(subject, config, test);
  const plain = { mean: normalisation.mean.map(() => 0), std: normalisation.std.map(() => 1) };
  return {
    name: subject.kind === "test" ? `${subject.index}` : subject.kind === "file" ? subject.name : "",
    pixels: Float64Array.from(normalisedTensor(seen, plain)),
    images: { shape: [1, seen.channels, seen.height, seen.width], data: Float64Array.from(normalisedTensor(seen, normalisation)) },
    label: subject.kind === "test" && test !== null ? test.label(subject.index) : null,
    classes,
  };
}

/** Predictions, attention, rollout, cosines and every intermediate value of one image. */
export const look = async (
  engine: Engine,
  model: Deit,
  subject: Subject,
  expected: Expected,
  test: TestImages | null,
): Promise<Inspection> => inspect(engine, model, await inspected(subject, model.config, expected, test), null);
