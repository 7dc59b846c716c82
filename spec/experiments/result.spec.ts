/** What is read from runs whose accuracies are known. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { experiments } from "../../src/experiments/list.ts";
import { experimentResult, numberAt, readingOf, type ResultsOf } from "../../src/experiments/result.ts";

const experiment = experiments.get("distillation");
if (experiment === undefined) throw new Error("no experiment distillation");

/** The JSON of a run, of which only the accuracies are known. */
function ran(top1: number): unknown {
  const student = { class: { top1 }, distillation: { top1: top1 + 0.02 }, mean: { top1 } };
  return { teacher: { top1: 0.9 }, student };
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
    expect(result.quantities.find(({ name }) => name === "teacher")?.mean).toBeCloseTo(90, 10);
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

  it("grows the expected deviation with the number of terms, and states the power of each claim", () => {
    const power = (of: readonly [readonly string[], readonly string[]]): number => {
      const one = { text: "", of, says: { kind: "more", effect: 1 }, deviation: null } as const;
      return experimentResult({ ...experiment, claims: [one] }, results, 1).claims[0]?.power ?? NaN;
    };
    const [two, four] = [
      power([["teacher"], ["no distillation"]]),
      power([
        ["teacher", "no distillation"],
        ["hard distillation", "two class tokens"],
      ]),
    ];
    expect(four / two).toBeCloseTo(Math.SQRT2, 10);
  });

  it("compares speeds by their ratios", () => {
    const speeds: ResultsOf = (name) => [100, 200].map((x) => ({ speed: name === "fast" ? 3 * x : x }));
    const quantity = (name: string) => ({ name, of: name, value: "speed", unit: "images/s", paper: null }) as const;
    const says = { kind: "more", effect: Math.log(2) } as const;
    const { claims } = experimentResult(
      {
        ...experiment,
        quantities: [quantity("fast"), quantity("slow")],
        claims: [{ text: "", of: [["fast"], ["slow"]], says, deviation: 0.1 }],
      },
      speeds,
      1,
    );
    expect(Math.exp(claims[0]?.mean ?? NaN)).toBeCloseTo(3, 10);
  });

  it("turns the names in a figure into means with their standard errors, and leaves numbers as they are", () => {
    const points = [
      { x: 500, y: "no distillation", label: null },
      { x: "teacher", y: 7, label: "seven" },
    ];
    const axis = { label: "", scale: "linear" } as const;
    const figure = { title: "", x: axis, y: axis, lines: [{ name: "line", from: "ours", points, joined: true } as const] };
    const { figures } = experimentResult({ ...experiment, figures: [figure] }, results, 1);
    const [one, other] = figures[0]?.lines[0]?.points ?? [];
    expect(one?.y).toBeCloseTo(55, 10);
    expect(one?.error).toBeCloseTo(5 / Math.sqrt(3), 10);
    expect(other?.x).toBeCloseTo(90, 10);
    expect(other).toMatchObject({ y: 7, error: null, label: "seven" });
  });

  it("refuses a result without the number", () => {
    expect(numberAt({ a: { b: [1, 2] } }, "a.b.1")).toBe(2);
    expect(() => numberAt({ a: null }, "a.b")).toThrow("a result has no number a.b");
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
