/** Rows of what augmentation draws: samples of it against the distributions of deit.md 7.6 to 7.10 (loops/distributions.ts). */
import type { Draw } from "../../check/draw.ts";
import type { Row } from "../../check/laws/row.ts";
import { drawAutoAugment, imageNetPolicy } from "../../data/augment/autoAugment.ts";
import { drawColourJitter } from "../../data/augment/colourJitter.ts";
import type { OperationDraw, Rectangle } from "../../data/augment/draw.ts";
import { drawErasing, erasingNoise } from "../../data/augment/erasing.ts";
import { argumentOf } from "../../data/augment/operations.ts";
import { drawPaddedCrop } from "../../data/augment/paddedCrop.ts";
import { drawRandAugment, randAugmentNames } from "../../data/augment/randAugment.ts";
import { drawResizedCrop } from "../../data/augment/resizedCrop.ts";
import { deitSettings } from "../../data/augment/settings.ts";
import { drawView } from "../../data/augment/view.ts";
import { fold, type Key } from "../../tensor/key.ts";
import { betaAt, drawMix } from "../../train/mixing/drawMix.ts";
import { hostRow } from "../cases/row.ts";
import { clippedNormal, discrete, distance, excess, integers, rectangles, symmetricBeta, uniform } from "../loops/distributions.ts";

/** Draws in the sample of one case. */
const DRAWS = 500;
/** The side of a square image so large that rounding to whole pixels does not show, in pixels. */
const LARGE = 100_000;

/** A sample from a case's key. */
function sampleOf<T>(draw: Draw, one: (key: Key) => T): readonly T[] {
  const key = draw.key();
  return Array.from({ length: DRAWS }, (_, i) => one(fold(key, i)));
}

/** The distance of rectangles in a square of side S from their distributions. */
function rectanglesError(sample: readonly Rectangle[], S: number, area: readonly [number, number], L: number): number {
  const law = rectangles(area, L);
  const position = (from: number, length: number): number => (from + 0.5) / (S - length + 1);
  return Math.max(
    distance(
      sample.map(({ h, w }) => (h * w) / S ** 2),
      law.area,
    ),
    distance(
      sample.map(({ h, w }) => Math.log(w / h)),
      law.logAspect,
    ),
    distance(
      sample.map(({ top, h }) => position(top, h)),
      uniform(0, 1),
    ),
    distance(
      sample.map(({ left, w }) => position(left, w)),
      uniform(0, 1),
    ),
  );
}

/** Random resized crops of any range of areas and aspects. */
export const cropRow = (drawCrop: typeof drawResizedCrop = drawResizedCrop): Row =>
  hostRow(
    "draws/crop",
    "random resized crop: area, aspect and position of the rectangle",
    (draw) => {
      const [area, aspect] = [[draw.real(0.02, 0.3), draw.real(0.8, 1)] as const, draw.real(1.1, 1.6)];
      const sample = sampleOf(draw, (key) => drawCrop(key, { width: LARGE, height: LARGE }, area, [1 / aspect, aspect]));
      return rectanglesError(sample, LARGE, area, Math.log(aspect));
    },
    "distribution",
  );

/** The steps for small images, and the mirror: any of (2p + 1)² windows, angles uniform, one view of two. */
export const smallRow = (drawn: typeof drawView = drawView, drawCrop: typeof drawPaddedCrop = drawPaddedCrop): Row =>
  hostRow(
    "draws/small",
    "padded crop, rotation and mirror: every window, angle and side as often",
    (draw) => {
      const [S, padding, rotation] = [draw.integer(8, 32), draw.integer(0, 5), draw.real(1, 90)];
      const size = { width: S, height: S };
      const settings = {
        ...deitSettings,
        crop: "padded",
        padding,
        rotation,
        policy: { kind: "none" },
        colourJitter: 0,
        erasing: 0,
      } as const;
      const views = sampleOf(draw, (key) => drawn(key, size, S, settings));
      const across = 2 * padding + 1;
      const windows = sampleOf(draw, (key) => drawCrop(key, size, S, padding));
      return Math.max(
        distance(
          windows.map(({ top, left }) => (top + padding) * across + left + padding),
          integers(across ** 2),
        ),
        distance(
          views.map((view) => view.rotation ?? 0),
          uniform(-rotation, rotation),
        ),
        excess(views.map(({ flip }) => [flip, 1 / 2])),
      );
    },
    "distribution",
  );

const signsError = (sample: readonly OperationDraw[]): number =>
  excess(sample.filter(({ sign }) => sign !== 0).map(({ sign }) => [sign > 0, 1 / 2]));

/** RandAugment at any magnitude. */
export const operationsRow = (drawOperations: typeof drawRandAugment = drawRandAugment): Row =>
  hostRow(
    "draws/operations",
    "RandAugment: two of 15 with replacement, applied with probability ½, magnitudes normal and clipped to 0 … 10, signs fair",
    (draw) => {
      const [magnitude, deviation] = [draw.real(0, 10), draw.real(0.2, 3)];
      const pairs = sampleOf(draw, (key) => drawOperations(key, { magnitude, deviation }));
      const numbers = pairs.map((pair) => pair.map(({ op }) => randAugmentNames.findIndex((name) => name === op)));
      const all = pairs.flat();
      const n = randAugmentNames.length;
      return Math.max(
        distance(
          numbers.map(([first = NaN, second = NaN]) => first * n + second),
          integers(n ** 2),
        ),
        distance(
          numbers.map(([first = NaN, second = NaN]) => second * n + first),
          integers(n ** 2),
        ),
        distance(
          all.map((one) => one.magnitude),
          clippedNormal(magnitude, deviation, 0, 10),
        ),
        excess(numbers.map(([first, second]) => [first === second, 1 / n])),
        excess(all.map(({ applied }) => [applied, 1 / 2])),
        signsError(all),
      );
    },
    "distribution",
  );

const namesOf = (pair: readonly { readonly op: string; readonly magnitude: number }[]): string =>
  pair.map(({ op, magnitude }) => `${op} ${magnitude}`).join();

/** AutoAugment's pairs; some of them occur twice in the policy. */
export const policyRow = (drawPolicy: typeof drawAutoAugment = drawAutoAugment): Row =>
  hostRow(
    "draws/policy",
    "AutoAugment: one of 25 pairs, each operation with its own probability, signs fair",
    (draw) => {
      const sample = sampleOf(draw, (key) => drawPolicy(key));
      const given = imageNetPolicy.map(namesOf);
      const kinds = [...new Set(given)];
      const weights = kinds.map((kind) => given.filter((one) => one === kind).length);
      const policyOf = (pair: readonly OperationDraw[]): readonly (readonly [boolean, number])[] => {
        const steps = imageNetPolicy[given.indexOf(namesOf(pair))] ?? [];
        return pair.map(({ applied }, i) => [applied, steps[i]?.probability ?? NaN]);
      };
      return Math.max(
        distance(
          sample.map((pair) => kinds.indexOf(namesOf(pair))),
          discrete(weights),
        ),
        excess(sample.flatMap(policyOf)),
        signsError(sample.flat()),
      );
    },
    "distribution",
  );

/** Colour jitter of any strength. */
export const jitterRow = (drawJitter: typeof drawColourJitter = drawColourJitter): Row =>
  hostRow(
    "draws/jitter",
    "colour jitter: brightness, contrast and saturation in any order, factors uniform",
    (draw) => {
      const strength = draw.real(0.05, 0.9);
      const sample = sampleOf(draw, (key) => drawJitter(key, strength));
      const orders = [...new Set(sample.map((ops) => ops.map(({ op }) => op).join()))].toSorted();
      return Math.max(
        orders.length === 6 ? 0 : Infinity,
        distance(
          sample.map((ops) => orders.indexOf(ops.map(({ op }) => op).join())),
          integers(6),
        ),
        distance(
          sample.flat().map((op) => argumentOf(op) ?? NaN),
          uniform(1 - strength, 1 + strength),
        ),
      );
    },
    "distribution",
  );

/** Random erasing with any probability. Its aspects are heights divided by widths; their logarithms are distributed alike. */
export const erasingRow = (drawRectangle: typeof drawErasing = drawErasing): Row =>
  hostRow(
    "draws/erasing",
    "random erasing: how often, area, aspect and position of the rectangle, and noise of the standard normal distribution",
    (draw) => {
      const probability = draw.real(0.1, 0.9);
      const sample = sampleOf(draw, (key) => drawRectangle(key, LARGE, probability));
      const erased = sample.filter((rectangle) => rectangle !== null);
      const noise = erasingNoise(draw.key(), { top: 0, left: 0, h: DRAWS, w: 1 }, 1);
      return Math.max(
        excess(sample.map((rectangle) => [rectangle !== null, probability])),
        rectanglesError(erased, LARGE, [0.02, 1 / 3], -Math.log(0.3)),
        distance([...noise], clippedNormal(0, 1, -Infinity, Infinity)),
      );
    },
    "distribution",
  );

/** draws/NAME. */
/** What Mixup and CutMix draw: which of them mixes a group, if any, and how strongly. */
export const mixRow = (drawn: typeof drawMix = drawMix, drawBeta: typeof betaAt = betaAt): Row =>
  hostRow(
    "draws/mixing",
    "Mixup and CutMix: how often each, and λ ~ Beta(α, α)",
    (draw) => {
      const [alpha, probability, cutmixShare] = [draw.real(0.2, 3), draw.real(0.3, 1), draw.real(0.2, 0.8)];
      const settings = { mixup: alpha, cutmix: 1, probability, cutmixShare, group: 2 };
      const kinds = sampleOf(draw, (key) => drawn(key, settings, 8).kind);
      return Math.max(
        excess(kinds.map((kind) => [kind !== "none", probability])),
        excess(kinds.filter((kind) => kind !== "none").map((kind) => [kind === "cutmix", cutmixShare])),
        distance(
          sampleOf(draw, (key) => drawBeta(key, alpha)),
          symmetricBeta(alpha),
        ),
      );
    },
    "distribution",
  );

export const drawRows: readonly Row[] = [cropRow(), smallRow(), operationsRow(), policyRow(), jitterRow(), erasingRow(), mixRow()];
