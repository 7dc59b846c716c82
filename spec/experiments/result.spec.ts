/** What is read from runs whose accuracies are known. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { experiments } from "../../src/experiments/list.ts";
import { experimentResult, readingOf, type ResultsOf } from "../../src/experiments/result.ts";
import type { RunResult } from "../../src/train/run/run.ts";

const experiment = experiments.get("distillation");
if (experiment === undefined) throw new Error("no experiment distillation");

/** A run of which only the accuracies are known. */
function ran(top1: number): RunResult {
  const accuracy = { top1, top5: 1, loss: 0, images: 100, disagreement: null };
  const student = { class: accuracy, distillation: { ...accuracy, top1: top1 + 0.02 }, mean: accuracy, "softmax-sum": accuracy };
  return { interrupted: false, teacher: { ...accuracy, top1: 0.9 }, teachers: [], student, average: null, cosines: null };
}

/** Each seed is this much better than the one before, in every arm. */
const bySeed = [0, 0.1, 0.05];
const better: { readonly [arm: string]: number } = { none: 0, soft: 0, hard: 0.03, token: 0.03, "two-class-tokens": 0 };
const results: ResultsOf = (arm) => bySeed.map((seed) => ran(0.5 + seed + (better[arm] ?? NaN)));

describe("the result of an experiment", () => {
  const result = experimentResult(experiment, results, 1);
  const claim = (text: string): (typeof result.claims)[number] | undefined => result.claims.find((one) => one.text.startsWith(text));

  it("has every quantity by seed, in percent", () => {
    const none = result.quantities.find(({ name }) => name === "no distillation");
    expect(none?.values.map((x) => x.toFixed(6))).toEqual(["50.000000", "60.000000", "55.000000"]);
    expect(none?.mean).toBeCloseTo(55, 10);
    expect(none?.standardError).toBeCloseTo(5 / Math.sqrt(3), 10);
    expect(result.quantities.find(({ by }) => by === "teacher")?.mean).toBeCloseTo(90, 10);
  });

  it("compares seed by seed: what all arms share cancels", () => {
    const hard = claim("Hard distillation is better than none");
    expect(hard?.mean).toBeCloseTo(3, 10);
    expect(hard?.interval[0]).toBeCloseTo(3, 6);
    expect(hard?.reading).toBe("seen");
    expect(claim("Of the distilled model")?.reading).toBe("seen");
    expect(claim("A distillation token")?.reading).toBe("not seen"); // no difference, and less than the paper's
    expect(claim("A second class token")?.reading).toBe("seen"); // equal
  });

  it("says all of it in one text", () => {
    expect(result.reading).toContain(
      "Hard distillation is better than none: seen. Hard distillation is better than the usual soft one: seen.",
    );
  });

  it("names quantities and arms that exist", () => {
    for (const { arms, quantities, claims } of experiments.values()) {
      const [names, known] = [arms.map(({ name }) => name), quantities.map(({ name }) => name)];
      expect(arms.flatMap(({ teacherOf }) => (teacherOf === null ? [] : [teacherOf])).filter((name) => !names.includes(name))).toEqual([]);
      expect(quantities.map(({ arm }) => arm).filter((name) => !names.includes(name))).toEqual([]);
      expect(claims.flatMap(({ of }) => of).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it("reads an interval: a narrower one around the same mean never decides less, and sees what the wider one saw", () => {
    const number = fc.double({ min: -3, max: 3, noNaN: true });
    const says = fc.oneof(
      fc.record({ kind: fc.constant("more" as const), effect: fc.double({ min: 0.1, max: 2, noNaN: true }) }),
      fc.record({ kind: fc.constant("equal" as const), within: fc.double({ min: 0.1, max: 2, noNaN: true }) }),
    );
    fc.assert(
      fc.property(
        says,
        number,
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (what, centre, half, share) => {
          const wide = readingOf(what, [centre - half, centre + half]);
          const narrow = readingOf(what, [centre - share * half, centre + share * half]);
          const decided = ["seen", "not seen"];
          expect(wide === "seen" ? ["seen"] : wide === "not seen" ? decided : [...decided, wide]).toContain(narrow);
        },
      ),
    );
    expect(readingOf({ kind: "more", effect: 1 }, [-0.2, 1.2])).toBe("not decidable at this scale");
    expect(readingOf({ kind: "more", effect: 1 }, [-0.2, 0.9])).toBe("not seen");
    expect(readingOf({ kind: "more", effect: 1 }, [0.1, 0.9])).toBe("seen");
    expect(readingOf({ kind: "equal", within: 1 }, [1.1, 2])).toBe("not seen");
  });
});
