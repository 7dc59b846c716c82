/** Shows evaluations as text and as JSON: one of a whole set, one for each image size, or one for each range of areas. */
import type { Evaluation } from "../train/evaluation/evaluate.ts";
import { percent, print, table } from "./output.ts";

/** The evaluation at one image size. */
export interface Sized {
  readonly imageSize: number;
  readonly evaluation: Evaluation;
  readonly imagesPerSecond: number;
}

/** The evaluation of crops whose share of the image's area is in one range. */
export interface OfArea {
  readonly from: number;
  readonly to: number;
  readonly evaluation: Evaluation;
}

const LOSS_DIGITS = 4;

/** Prints columns of numbers under a header. */
function printColumns(header: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const line of table(
    [header, ...rows],
    header.map(() => "right"),
  ))
    print(line);
}

/** @param of what was evaluated: `digits (head: mean)` */
export function printOne({ top1, top5, loss, images, disagreement }: Evaluation, of: string): void {
  print(`top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(LOSS_DIGITS)} on ${images} images of ${of}`);
  if (disagreement !== null) print(`the two heads disagree on ${percent(disagreement)} of the images`);
}

export function printSizes(results: readonly Sized[], of: string): void {
  const rows = results.map(({ imageSize, evaluation: { top1, top5, loss }, imagesPerSecond }) => [
    `${imageSize}`,
    percent(top1),
    percent(top5),
    loss.toFixed(LOSS_DIGITS),
    imagesPerSecond.toPrecision(3),
  ]);
  printColumns(["image size", "top-1", "top-5", "loss", "images/s"], rows);
  print(`on ${results[0]?.evaluation.images} images of ${of}`);
}

export const evaluationJson = ({ top1, top5, loss, images, disagreement }: Evaluation): object => ({
  top1,
  top5,
  loss,
  images,
  disagreement,
});

export const sizeJson = ({ imageSize, evaluation, imagesPerSecond }: Sized): object => ({
  imageSize,
  ...evaluationJson(evaluation),
  imagesPerSecond,
});

export const areaJson = ({ from, to, evaluation: { top1, top5, loss, disagreement, images } }: OfArea): object => ({
  from,
  to,
  top1,
  top5,
  loss,
  wrong: 1 - top1,
  disagreement,
  images,
});

export function printAreas(results: readonly OfArea[], of: string, seed: number): void {
  const hasTwoHeads = results.some(({ evaluation: { disagreement } }) => disagreement !== null);
  const rows = results.map(({ from, to, evaluation: { top1, top5, loss, disagreement } }) => [
    `${from} … ${to}`,
    percent(top1),
    percent(top5),
    loss.toFixed(LOSS_DIGITS),
    percent(1 - top1),
    ...(disagreement === null ? [] : [percent(disagreement)]),
  ]);
  printColumns(["area", "top-1", "top-5", "loss", "wrong", ...(hasTwoHeads ? ["disagreement"] : [])], rows);
  print(`on ${results[0]?.evaluation.images} images of ${of}, each seen as one crop of its area, seed ${seed}`);
}
