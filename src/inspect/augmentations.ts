/** Shows what augmentation does to an image: every operation at several magnitudes, and views as training draws them. */
import type { OperationDraw, ViewDraw } from "../data/augment/draw.ts";
import { erasingNoise } from "../data/augment/erasing.ts";
import { argumentOf, isSigned, operate, operationNames, operationOf, type OperationName } from "../data/augment/operations.ts";
import { applyView } from "../data/augment/view.ts";
import type { Normalisation } from "../data/normalise.ts";
import type { PixelKernels } from "../data/pixels/kernels.ts";
import type { Pixels, Region, Size } from "../data/pixels/pixels.ts";
import type { Key } from "../tensor/key.ts";

/** A picture with a line of text. */
export interface Captioned {
  readonly caption: string;
  /** RGB, `SIDE`×`SIDE`. */
  readonly picture: Pixels;
}

/** An operation at several magnitudes. */
export interface OperationRow {
  readonly op: OperationName;
  readonly shown: readonly Captioned[];
}

/** The view of a training image. */
export interface DrawnView {
  readonly key: Key;
  readonly draw: ViewDraw;
}

/** The side of the pictures, in pixels. */
export const SIDE = 112;

/** The magnitudes that are shown. */
const MAGNITUDES = [2, 5, 8, 10];
const FULL = 255;
const DIGITS = 2;

const square: Region = { left: 0, top: 0, width: SIDE, height: SIDE };

/** The largest square in the middle. */
function middle({ width, height }: Size): Region {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), width: side, height: side };
}

/** The middle of the image as a picture of the page. */
export const thumbnail = (kernels: PixelKernels, image: Pixels): Pixels => kernels.resize(image, middle(image), square, square);

const short = (x: number): string => `${Number(x.toFixed(DIGITS))}`;

/** `M 5, −: −15` */
function captionOf(draw: OperationDraw): string {
  const argument = argumentOf(draw);
  if (argument === null) return "no argument";
  const sign = draw.sign === 0 ? "" : draw.sign < 0 ? ", −" : ", +";
  return `M ${short(draw.magnitude)}${sign}: ${short(argument).replace("-", "−")}`;
}

/** The draws of an operation that are shown: from the largest negative to the largest positive argument, if it has a sign. */
function drawsOf(op: OperationName): readonly OperationDraw[] {
  const at = (magnitude: number, sign: OperationDraw["sign"]): OperationDraw => ({ op, magnitude, sign, applied: true });
  if (operationOf(op).argument === null) return [at(0, 0)];
  if (!isSigned(op)) return MAGNITUDES.map((M) => at(M, 0));
  return [...MAGNITUDES.toReversed().map((M) => at(M, -1)), ...MAGNITUDES.map((M) => at(M, 1))];
}

/** Every operation on the middle of an RGB image. */
export function operationRows(kernels: PixelKernels, image: Pixels): readonly OperationRow[] {
  const picture = thumbnail(kernels, image);
  return operationNames.map((op) => ({
    op,
    shown: drawsOf(op).map((draw) => ({ caption: captionOf(draw), picture: operate(kernels, picture, draw) })),
  }));
}

/** The view with its erased rectangle: noise of the pixels' mean and standard deviation, cut off where a pixel cannot show it. */
function erased(view: Pixels, { key, draw: { erasing } }: DrawnView, { mean, std }: Normalisation): Pixels {
  if (erasing === null) return view;
  const { channels, width } = view;
  const { top, left, h, w } = erasing;
  const noise = erasingNoise(key, erasing, channels);
  const data = view.data.slice();
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const value = (mean[c] ?? 0) + (std[c] ?? 1) * (noise[(c * h + y) * w + x] ?? 0);
        data[((top + y) * width + left + x) * channels + c] = Math.round(FULL * Math.min(Math.max(value, 0), 1));
      }
  return { ...view, data };
}

/** `mirrored; Rotate M 8.7, +: 26.1; erased` */
function viewCaption({ crop: { w, h }, flip, ops, erasing }: ViewDraw): string {
  const applied = ops.filter(({ applied: is }) => is).map((draw) => `${draw.op} ${captionOf(draw)}`);
  return [`${w}×${h}`, ...(flip ? ["mirrored"] : []), ...applied, ...(erasing === null ? [] : ["erased"])].join("; ");
}

/** Views of an image, [H, W, C] → [S, S, C] each, as pictures of the page; `coloured` gives an image three channels. */
export const viewPictures = (
  kernels: PixelKernels,
  image: Pixels,
  views: readonly DrawnView[],
  { S, normalisation, coloured }: { readonly S: number; readonly normalisation: Normalisation; readonly coloured: (p: Pixels) => Pixels },
): readonly Captioned[] =>
  views.map((view) => ({
    caption: viewCaption(view.draw),
    picture: thumbnail(kernels, coloured(erased(applyView(kernels, image, view.draw, S), view, normalisation))),
  }));
