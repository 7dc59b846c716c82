/** Rows of the processing of a batch before the network: (E33), (E38), (E39), their consequences, and normalised pixels. */
import type { Draw } from "../../check/draw.ts";
import { upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { smoothOverAll } from "../../losses/labelSmoothing.ts";
import type { Erased } from "../../data/loader/batch.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { cutMix, cutMixBox, type Box, type BoxSettings } from "../../train/mixing/cutMix.ts";
import { drawMixes, type Mix } from "../../train/mixing/drawMix.ts";
import { erase } from "../../train/mixing/erase.ts";
import { mixImages } from "../../train/mixing/mixGroups.ts";
import { mixup } from "../../train/mixing/mixup.ts";
import { normalisePixels, type PixelInputs } from "../../train/mixing/normalisePixels.ts";
import { smoothing } from "../cases/calls/losses.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import * as loops from "../loops/mixing.ts";
import { scalar, smoothOverAll as smoothByLoops } from "../loops/losses.ts";
import { at, tabulate } from "../loops/matrix.ts";
import { mapped } from "../loops/rows.ts";
import { leading, sizes } from "../cases/sizes.ts";

/** The most pairs of samples in a batch. */
const MOST_PAIRS = 3;

const evenBatch = (draw: Draw): number => 2 * draw.integer(1, MOST_PAIRS);

/** λ, sometimes 0 or 1. */
const share = (draw: Draw): number => draw.oneOf([0, 1, draw.real(0, 1), draw.real(0, 1), draw.real(0, 1)]);

/** [B, C, H, W]; C, H and W differ from each other. */
const images = (draw: Draw): HostArray => draw.array([evenBatch(draw), ...sizes(draw, 3)]);

const mixed = (k: Kernels, x: HostArray, lambda: number): Tensor => mixup.run(k, { x: upload<Tensor>(k, x) }, { lambda });

const pasted = (k: Kernels, x: HostArray, box: Box): Tensor => cutMix.run(k, { x: upload<Tensor>(k, x) }, box);

function mixupClaims(draw: Draw): readonly Claim[] {
  const [x, lambda] = [draw.array([evenBatch(draw), ...leading(draw)]), share(draw)];
  return [{ actual: (k) => mixed(k, x, lambda), expected: loops.mixup(x, lambda) }];
}

/** Labels, classes and ε, and the smoothed targets mixed on an engine. */
function drawTargets(draw: Draw) {
  const [B, K, eps] = [evenBatch(draw), draw.integer(2, 9), smoothing(draw)];
  const labels = draw.labels([B], K);
  const targets = (k: Kernels, lambda: number): Tensor =>
    mixup.run(k, { x: smoothOverAll(k, upload<Tensor>(k, labels), K, eps) }, { lambda });
  return { B, targets, smoothed: smoothByLoops(labels, K, eps) };
}

function targetClaims(draw: Draw): readonly Claim[] {
  const [{ targets, smoothed }, lambda] = [drawTargets(draw), share(draw)];
  return [{ actual: (k) => targets(k, lambda), expected: loops.mixup(smoothed, lambda) }];
}

/** A draw of (E39) for images of this shape. */
function settingsOf(draw: Draw, { shape: [, , H = 0, W = 0] }: HostArray): BoxSettings {
  const centre = { y: draw.integer(0, H - 1), x: draw.integer(0, W - 1) };
  return { H, W, lambda: share(draw), centre, rule: draw.oneOf(["deit", "timm"]) };
}

/** Bitwise identical: pixels are only moved, and both λ are 1 minus the same quotient. */
const cutMixClaims =
  (boxOf: typeof cutMixBox) =>
  (draw: Draw): readonly Claim[] => {
    const x = images(draw);
    const settings = settingsOf(draw, x);
    const { box, lambda } = boxOf(settings);
    return [
      {
        actual: (k) => ({ images: pasted(k, x, box), lambda: k.upload([], [lambda]) }),
        expected: { images: loops.cutMix(x, settings), lambda: scalar(draw.round(loops.shareLeft(settings))) },
      },
    ];
  };

/** @param boxOf `cutMixBox`; tests pass a wrong one to see that the row fails */
export const cutMixRow = (boxOf: typeof cutMixBox): Row =>
  claimsRow("E39", "CutMix: boxes by both rules, the pixels in them, and what is left of an image", cutMixClaims(boxOf), "exact");

function identityClaims(draw: Draw): readonly Claim[] {
  const x = images(draw);
  const [, , H = 0, W = 0] = x.shape;
  const [a, b, { box }] = [share(draw), share(draw), cutMixBox(settingsOf(draw, x))];
  const { B, targets } = drawTargets(draw);
  return [
    { actual: (k) => cutMix.run(k, { x: pasted(k, x, box) }, box), expected: x },
    { actual: (k) => pasted(k, x, { rows: [0, H], columns: [0, W] }), equals: (k) => mixed(k, x, 0) },
    { actual: (k) => mixed(k, x, 1), expected: x },
    { actual: (k) => mixup.run(k, { x: mixed(k, x, a) }, { lambda: b }), equals: (k) => mixed(k, x, a * b + (1 - a) * (1 - b)) },
    { actual: (k) => k.sumLast(targets(k, a)), expected: tabulate([B, 1], () => 1) },
  ];
}

/** Pixels of full scale 1, and the two numbers of each channel. */
function pixelClaims(draw: Draw): readonly Claim[] {
  const unit = (array: HostArray): HostArray => mapped(array, () => draw.round(draw.real(0.1, 1)));
  const x = unit(draw.array([draw.integer(1, 3), ...sizes(draw, 3)]));
  const [mean, std] = [unit(draw.array([x.shape[1] ?? 0])), unit(draw.array([x.shape[1] ?? 0]))];
  return [
    {
      actual: (k) => normalisePixels.run(k, upload<PixelInputs>(k, { x, mean, std })),
      expected: loops.normalisePixels(x, mean, std),
    },
  ];
}

/** A rectangle in some of the images, often empty or the whole image. */
function drawErased(draw: Draw, [B = 0, C = 0, H = 0, W = 0]: Shape): readonly Erased[] {
  const images = Array.from({ length: B }, (_, image) => image).filter(() => draw.integer(0, 2) > 0);
  return images.map((image) => {
    const [top, left] = [draw.integer(0, H), draw.integer(0, W)];
    const [h, w] = [draw.integer(0, H - top), draw.integer(0, W - left)];
    return { image, top, left, h, w, noise: Float32Array.from({ length: C * h * w }, () => draw.round(draw.real(-3, 3))) };
  });
}

function eraseClaims(draw: Draw): readonly Claim[] {
  const x = draw.array([draw.integer(1, 4), ...sizes(draw, 3)]);
  const erased = drawErased(draw, x.shape);
  return [{ actual: (k) => erase.run(k, { x: upload<Tensor>(k, x) }, erased), expected: loops.erase(x, erased) }];
}

/** Each group of a batch is mixed on its own, images and targets alike. */
function groupClaims(draw: Draw): readonly Claim[] {
  const [groups, pairs, S] = [draw.integer(1, 3), draw.integer(1, 2), draw.integer(1, 5)];
  const x = draw.array([groups * 2 * pairs, draw.integer(1, 3), S, S]);
  const settings = {
    mixup: draw.oneOf([0, 0.8]),
    cutmix: draw.oneOf([0, 1]),
    probability: draw.oneOf([0.5, 1]),
    cutmixShare: 0.5,
    group: 2 * pairs,
  };
  const mixes = drawMixes(draw.key(), settings, groups * 2 * pairs, S);
  const group = (array: HostArray, g: number): HostArray => {
    const [B = 0, ...rest] = array.shape;
    const each = B / groups;
    return tabulate([each, ...rest], (b = 0, ...place) => at(array, g * each + b, ...place));
  };
  const inGroup = (k: Kernels, g: number, mix: Mix): Tensor => mixImages(k, upload<Tensor>(k, group(x, g)), [mix]);
  return [
    {
      actual: (k) => mixImages(k, upload<Tensor>(k, x), mixes),
      equals: (k) =>
        mixes.length === 0
          ? upload<Tensor>(k, x)
          : k.concat(
              mixes.map((mix, g) => inGroup(k, g, mix)),
              0,
            ),
    },
  ];
}

export const mixingRows: readonly Row[] = [
  claimsRow("E33", "targets of Mixup and CutMix, mixed as the images are", targetClaims),
  claimsRow("E38", "Mixup of batches of any shape", mixupClaims),
  cutMixRow(cutMixBox),
  claimsRow("identity/mixing", "mixing twice; λ = 0 and λ = 1; mixed targets sum to 1 for every λ", identityClaims),
  claimsRow("identity/groups", "groups of a batch are mixed one by one", groupClaims),
  claimsRow("identity/erasing", "erased rectangles hold their noise, and nothing else changes", eraseClaims, "exact"),
  claimsRow("identity/pixels", "pixels are normalised channel by channel", pixelClaims),
];
