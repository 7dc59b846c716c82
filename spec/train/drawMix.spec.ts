/** What Mixup and CutMix draw, against their laws (deit.md 7.9): 100,000 draws of each, fixed seeds. */
import { describe, expect, it } from "vitest";
import { symmetricBeta, uniform } from "../../src/laws/loops/distributions.ts";
import { fold, keyOf, type Key } from "../../src/tensor/key.ts";
import { cutMixBox } from "../../src/train/mixing/cutMix.ts";
import { betaAt, drawMix, drawMixes, isMixing, type Mix, type MixingSettings } from "../../src/train/mixing/drawMix.ts";
import { chiSquareP, kolmogorovP } from "../helpers/statistics.ts";

const DRAWS = 100_000;
/** A right implementation fails this often. */
const P = 1e-6;

const drawn = <T>(seed: number, one: (key: Key) => T): readonly T[] => {
  const key = keyOf(seed);
  return Array.from({ length: DRAWS }, (_, i) => one(fold(key, i)));
};

const deit: MixingSettings = { mixup: 0.8, cutmix: 1, probability: 1, cutmixShare: 0.5, group: 64 };

describe("λ", () => {
  it.each([0.2, 0.8, 1, 3])("is Beta(α, α), α = %f", (alpha) => {
    expect(
      kolmogorovP(
        drawn(1, (key) => betaAt(key, alpha)),
        symmetricBeta(alpha),
      ),
    ).toBeGreaterThan(P);
  });

  it("of another α, or 1 − u², is found to be wrong", () => {
    const lambdas = drawn(1, (key) => betaAt(key, 0.8));
    expect(kolmogorovP(lambdas, symmetricBeta(0.9))).toBeLessThan(P);
    expect(
      kolmogorovP(
        drawn(1, (key) => 1 - betaAt(key, 1) ** 2),
        uniform(0, 1),
      ),
    ).toBeLessThan(P);
  });
});

const shares = (mixes: readonly Mix[]): readonly number[] =>
  (["none", "mixup", "cutmix"] as const).map((kind) => mixes.filter((mix) => mix.kind === kind).length);

describe("a mix", () => {
  it("is CutMix or Mixup as often, and always one of them, by the authors' settings", () => {
    const [none, mixup = 0, cutmix = 0] = shares(drawn(2, (key) => drawMix(key, deit, 8)));
    expect(none).toBe(0);
    expect(chiSquareP([mixup, cutmix], [1, 1])).toBeGreaterThan(P);
  });

  it("is as often of each kind as the settings say", () => {
    const mixes = drawn(3, (key) => drawMix(key, { ...deit, probability: 0.7, cutmixShare: 0.2 }, 8));
    expect(chiSquareP(shares(mixes), [0.3, 0.7 * 0.8, 0.7 * 0.2])).toBeGreaterThan(P);
  });

  it("has the λ of Mixup's α", () => {
    const lambdas = drawn(4, (key) => drawMix(key, deit, 8)).flatMap((mix) => (mix.kind === "mixup" ? mix.lambda : []));
    expect(kolmogorovP(lambdas, symmetricBeta(0.8))).toBeGreaterThan(P);
  });

  it("has the boxes of a uniform λ and a uniform centre, and their λ", () => {
    const S = 6;
    const expected = new Map<string, number>();
    const nameOf = ({ box, lambda }: ReturnType<typeof cutMixBox>): string => JSON.stringify([box.rows, box.columns, lambda]);
    for (let cut = 0; cut < S; cut++)
      for (let y = 0; y < S; y++)
        for (let x = 0; x < S; x++) {
          // cut = ⌊S√(1 − λ)⌋ for λ in an interval of length ((cut + 1)² − cut²)/S²
          const name = nameOf(cutMixBox({ H: S, W: S, lambda: 1 - ((cut + 0.5) / S) ** 2, centre: { y, x }, rule: "deit" }));
          expected.set(name, (expected.get(name) ?? 0) + (2 * cut + 1) / S ** 4);
        }
    const found = new Map([...expected.keys()].map((name) => [name, 0]));
    for (const mix of drawn(5, (key) => drawMix(key, { ...deit, mixup: 0 }, S)))
      if (mix.kind === "cutmix") found.set(nameOf(mix), (found.get(nameOf(mix)) ?? NaN) + 1);
    expect(chiSquareP([...found.values()], [...expected.values()])).toBeGreaterThan(P);
  });
});

describe("the mixes of a step", () => {
  const key = keyOf(6);

  it("are one a group, independent of one another, and follow from the key", () => {
    const mixes = drawMixes(key, deit, 1024, 224);
    expect(mixes).toHaveLength(16);
    expect(new Set(mixes.map((mix) => JSON.stringify(mix))).size).toBe(16);
    expect(drawMixes(key, deit, 1024, 224)).toEqual(mixes);
    expect(drawMixes(key, deit, 48, 224)).toHaveLength(1);
  });

  it("are none if both are off, or the probability is 0", () => {
    for (const off of [{ mixup: 0, cutmix: 0 }, { probability: 0 }]) {
      expect(isMixing({ ...deit, ...off })).toBe(false);
      expect(drawMixes(key, { ...deit, ...off }, 64, 32)).toEqual([]);
    }
  });
});
