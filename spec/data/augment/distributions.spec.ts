/** What augmentation draws, against the distributions of deit.md 7.6 to 7.10: 100,000 draws of each. */
import { describe, expect, it } from "vitest";
import { drawAutoAugment, imageNetPolicy } from "../../../src/data/augment/autoAugment.ts";
import { drawColourJitter } from "../../../src/data/augment/colourJitter.ts";
import type { OperationDraw, Rectangle } from "../../../src/data/augment/draw.ts";
import { drawErasing, erasingNoise } from "../../../src/data/augment/erasing.ts";
import { argumentOf } from "../../../src/data/augment/operations.ts";
import { drawPaddedCrop } from "../../../src/data/augment/paddedCrop.ts";
import { drawRandAugment, randAugmentNames } from "../../../src/data/augment/randAugment.ts";
import { drawResizedCrop } from "../../../src/data/augment/resizedCrop.ts";
import { drawRotation } from "../../../src/data/augment/rotation.ts";
import { deitSettings } from "../../../src/data/augment/settings.ts";
import { drawView } from "../../../src/data/augment/view.ts";
import { clippedNormal, rectangles, uniform } from "../../../src/laws/loops/distributions.ts";
import { fold, keyOf, uniform53At, type Key } from "../../../src/tensor/key.ts";
import { chiSquareP, kolmogorovP, shareP, uniformP } from "../../helpers/statistics.ts";

const DRAWS = 100_000;
/** A right implementation fails a test as seldom as this, once and for all, since the seeds are fixed. */
const LEAST_P = 1e-6;
/** The side of a square image so large that rounding to whole pixels does not show. */
const LARGE = 1e6;

/** 100,000 draws, by a seed of their own. */
const sampleOf = <T>(seed: number, draw: (key: Key, i: number) => T): readonly T[] =>
  Array.from({ length: DRAWS }, (_, i) => draw(fold(keyOf(seed), i), i));

/** Those p-values that are too small, by name. */
const unlikely = (ps: Readonly<Record<string, number>>): readonly (readonly [string, number])[] =>
  Object.entries(ps).filter(([, p]) => !(p > LEAST_P));

/** p-values of area, log-aspect and position of rectangles in a square of side S. Positions are made continuous by fractions from `spread`. */
function rectanglePs(
  sample: readonly Rectangle[],
  S: number,
  area: readonly [number, number],
  L: number,
): Readonly<Record<string, number>> {
  const law = rectangles(area, L);
  const spread = keyOf(77);
  return {
    area: kolmogorovP(
      sample.map(({ h, w }) => (h * w) / S ** 2),
      law.area,
    ),
    aspect: kolmogorovP(
      sample.map(({ h, w }) => Math.log(w / h)),
      law.logAspect,
    ),
    top: kolmogorovP(
      sample.map(({ top, h }, i) => (top + uniform53At(spread, 2 * i)) / (S - h + 1)),
      uniform(0, 1),
    ),
    left: kolmogorovP(
      sample.map(({ left, w }, i) => (left + uniform53At(spread, 2 * i + 1)) / (S - w + 1)),
      uniform(0, 1),
    ),
  };
}

const signs = (ops: readonly OperationDraw[]): readonly boolean[] => ops.filter(({ sign }) => sign !== 0).map(({ sign }) => sign > 0);

describe("a resized crop", () => {
  const { area, aspect } = deitSettings;

  it("has areas, aspects and positions by their laws, given that it fits", () => {
    const sample = sampleOf(1, (key) => drawResizedCrop(key, { width: LARGE, height: LARGE }, area, aspect));
    expect(unlikely(rectanglePs(sample, LARGE, area, Math.log(4 / 3)))).toEqual([]);
  });

  it("has positions by their law in an image of 60×50, where they are few", () => {
    const places = sampleOf(2, (key) => drawResizedCrop(key, { width: 60, height: 50 }, [0.25, 0.26], [0.99, 1.01])).filter(
      ({ w, h }) => w === 28 && h === 28,
    );
    expect(places.length).toBeGreaterThan(DRAWS / 5);
    expect(
      unlikely({
        places: uniformP(
          places.map(({ top, left }) => top * 33 + left),
          23 * 33,
        ),
      }),
    ).toEqual([]);
  });
});

describe("the steps for small images", () => {
  it("crop every window of the padded image as often", () => {
    const windows = sampleOf(3, (key) => drawPaddedCrop(key, { width: 32, height: 32 }, 32, 4));
    expect(
      unlikely({
        windows: uniformP(
          windows.map(({ top, left }) => (top + 4) * 9 + left + 4),
          81,
        ),
      }),
    ).toEqual([]);
  });

  it("rotate by angles that are uniform", () => {
    expect(
      unlikely({
        angles: kolmogorovP(
          sampleOf(4, (key) => drawRotation(key, 10)),
          uniform(-10, 10),
        ),
      }),
    ).toEqual([]);
  });
});

describe("RandAugment", () => {
  const sample = sampleOf(5, (key) => drawRandAugment(key, { magnitude: 9, deviation: 0.5 }));
  const all = sample.flat();

  it("draws each pair of its operations as often", () => {
    const numbers = sample.map((pair) => pair.reduce((sum, { op }) => sum * 15 + randAugmentNames.findIndex((name) => name === op), 0));
    expect(unlikely({ pairs: uniformP(numbers, 225) })).toEqual([]);
  });

  it("applies each of the two with probability ½, on its own", () => {
    expect(
      unlikely({
        applied: uniformP(
          sample.map((pair) => pair.reduce((sum, { applied }) => 2 * sum + (applied ? 1 : 0), 0)),
          4,
        ),
      }),
    ).toEqual([]);
  });

  it("draws magnitudes that are normal and clipped at 10", () => {
    const magnitudes = all.map(({ magnitude }) => magnitude);
    expect(unlikely({ magnitudes: kolmogorovP(magnitudes, clippedNormal(9, 0.5, 0, 10)) })).toEqual([]);
    const atTheEnd = magnitudes.filter((magnitude) => magnitude === 10).length / magnitudes.length;
    expect(Math.abs(atTheEnd - 0.02275)).toBeLessThan(5 * Math.sqrt(0.02275 / magnitudes.length));
  });

  it("draws fair signs, for the nine operations that have one", () => {
    const named = randAugmentNames.map((name) => [name, signs(all.filter(({ op }) => op === name))] as const);
    const withSigns = named.filter(([, own]) => own.length > 0);
    expect(withSigns.map(([name]) => name)).toEqual([
      "Rotate",
      "ColorIncreasing",
      "ContrastIncreasing",
      "BrightnessIncreasing",
      "SharpnessIncreasing",
      "ShearX",
      "ShearY",
      "TranslateXRel",
      "TranslateYRel",
    ]);
    expect(unlikely(Object.fromEntries(withSigns.map(([name, own]) => [name, shareP(own, 1 / 2)])))).toEqual([]);
  });
});

describe("AutoAugment", () => {
  const sample = sampleOf(6, (key) => drawAutoAugment(key));
  const nameOf = (pair: readonly { readonly op: string; readonly magnitude: number }[]): string =>
    pair.map(({ op, magnitude }) => `${op} ${magnitude}`).join();
  const policy = imageNetPolicy.map(nameOf);
  const kinds = [...new Set(policy)];

  it("draws each pair as often as it stands in the policy", () => {
    const counts = kinds.map((kind) => sample.filter((pair) => nameOf(pair) === kind).length);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(DRAWS);
    expect(
      unlikely({
        pairs: chiSquareP(
          counts,
          kinds.map((kind) => policy.filter((one) => one === kind).length),
        ),
      }),
    ).toEqual([]);
  });

  it("applies each operation with its own probability, and with fair signs", () => {
    const ps = kinds.flatMap((kind) => {
      const own = sample.filter((pair) => nameOf(pair) === kind);
      return (imageNetPolicy[policy.indexOf(kind)] ?? []).map(({ op, probability }, i) => {
        const applied = own.map((pair) => pair[i]?.applied ?? false);
        const isCertain = probability === 0 || probability === 1;
        const p = isCertain ? (applied.every((is) => is === (probability === 1)) ? 1 : 0) : shareP(applied, probability);
        return [`${op} ${i} of ${kind}`, p] as const;
      });
    });
    expect(unlikely(Object.fromEntries(ps))).toEqual([]);
    expect(unlikely({ signs: shareP(signs(sample.flat()), 1 / 2) })).toEqual([]);
  });
});

describe("colour jitter", () => {
  it("changes in every order as often, by factors that are uniform", () => {
    const sample = sampleOf(7, (key) => drawColourJitter(key, 0.3));
    const orders = ["BCS", "BSC", "CBS", "CSB", "SBC", "SCB"];
    const letters = new Map([["Brightness", "B"], ["Contrast", "C"], ["Color", "S"]]); // prettier-ignore
    expect(
      unlikely({
        orders: uniformP(
          sample.map((ops) => orders.indexOf(ops.map(({ op }) => letters.get(op)).join(""))),
          6,
        ),
        ...Object.fromEntries(
          [...letters.keys()].map((name) => {
            const factors = sample.flat().flatMap((one) => (one.op === name ? (argumentOf(one) ?? []) : []));
            return [name, kolmogorovP(factors, uniform(0.7, 1.3))];
          }),
        ),
      }),
    ).toEqual([]);
  });
});

describe("erasing", () => {
  const sample = sampleOf(8, (key) => drawErasing(key, LARGE, 0.25));
  const erased = sample.filter((rectangle) => rectangle !== null);

  it("happens with its probability", () => {
    expect(
      unlikely({
        erased: shareP(
          sample.map((rectangle) => rectangle !== null),
          0.25,
        ),
      }),
    ).toEqual([]);
  });

  it("has areas, aspects and positions by their laws, given that it fits", () => {
    const many = sampleOf(9, (key) => drawErasing(key, LARGE, 1)).filter((rectangle) => rectangle !== null);
    expect(many.length).toBe(DRAWS);
    expect(unlikely(rectanglePs(many, LARGE, [0.02, 1 / 3], -Math.log(0.3)))).toEqual([]);
    expect(unlikely(rectanglePs(erased, LARGE, [0.02, 1 / 3], -Math.log(0.3)))).toEqual([]);
  });

  it("has noise that is normal, and independent from pixel to pixel", () => {
    const noise = [...erasingNoise(keyOf(10), { top: 0, left: 0, h: 250, w: 400 }, 1)];
    expect(unlikely({ noise: kolmogorovP(noise, clippedNormal(0, 1, -Infinity, Infinity)) })).toEqual([]);
    for (const lag of [1, 2, 3, 4, 400]) {
      const products = noise.slice(lag).map((value, i) => value * (noise[i] ?? 0));
      const correlation = products.reduce((a, b) => a + b, 0) / products.length;
      expect(Math.abs(correlation) * Math.sqrt(products.length)).toBeLessThan(5);
      const squares = noise.slice(lag).map((value, i) => (value ** 2 - 1) * ((noise[i] ?? 0) ** 2 - 1));
      expect(Math.abs(squares.reduce((a, b) => a + b, 0) / squares.length / 2) * Math.sqrt(squares.length)).toBeLessThan(5);
    }
  });
});

describe("a view", () => {
  it("is mirrored half of the time, and what its steps draw is independent", () => {
    const views = sampleOf(11, (key) => drawView(key, { width: 500, height: 375 }, 224, deitSettings));
    const { crop: first } = views[0] ?? { crop: { top: 0, left: 0, h: 0, w: 0 } };
    const middle = views.map(({ crop }) => crop.h * crop.w).toSorted((a, b) => a - b)[DRAWS / 2] ?? first.h;
    const cells = views.map(
      ({ crop, flip, ops, erasing }) =>
        8 * (crop.h * crop.w > middle ? 1 : 0) + 4 * (flip ? 1 : 0) + 2 * (ops[0]?.applied === true ? 1 : 0) + (erasing === null ? 0 : 1),
    );
    const counts = Array.from({ length: 16 }, (_, cell) => cells.filter((one) => one === cell).length);
    expect(
      unlikely({
        cells: chiSquareP(
          counts,
          counts.map((_, cell) => (cell % 2 === 1 ? 0.25 : 0.75)),
        ),
      }),
    ).toEqual([]);
  });
});
