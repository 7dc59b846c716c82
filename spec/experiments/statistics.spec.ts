/** Student's t against its tables, and the laws of intervals. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectable, interval, mean, standardDeviation, standardError, studentQuantile } from "../../src/experiments/statistics.ts";

/** Quantiles as any table of Student's t has them. */
const table: readonly (readonly [probability: number, nu: number, t: number])[] = [
  [0.975, 1, 12.706],
  [0.975, 2, 4.303],
  [0.975, 3, 3.182],
  [0.975, 4, 2.776],
  [0.975, 9, 2.262],
  [0.975, 10, 2.228],
  [0.975, 30, 2.042],
  [0.975, 120, 1.98],
  [0.8, 1, 1.376],
  [0.8, 4, 0.941],
  [0.8, 9, 0.883],
  [0.8, 10, 0.879],
  [0.5, 7, 0],
];

const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 12 });

describe("statistics", () => {
  it.each(table)("the quantile %d of t with ν = %i is %d", (probability, nu, t) => {
    expect(studentQuantile(probability, nu)).toBeCloseTo(t, 3);
  });

  it("of 2, 4, 4, 4, 5, 5, 7, 9: mean 5, deviation √(32/7)", () => {
    const some = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(mean(some)).toBe(5);
    expect(standardDeviation(some)).toBeCloseTo(Math.sqrt(32 / 7), 12);
    expect(standardError(some)).toBeCloseTo(Math.sqrt(32 / 7 / 8), 12);
  });

  it("the interval lies around the mean, and moves and stretches with the values", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 9 }), (xs, factor, shift) => {
        const [from, to] = interval(xs);
        const [low, high] = interval(xs.map((x) => factor * x + shift));
        expect((from + to) / 2).toBeCloseTo(mean(xs), 8);
        expect(low).toBeCloseTo(factor * from + shift, 6);
        expect(high).toBeCloseTo(factor * to + shift, 6);
      }),
    );
  });

  it("one number has no interval and no power", () => {
    expect(interval([3])).toEqual([-Infinity, Infinity]);
    expect(detectable(1, 1)).toBe(Infinity);
  });

  it("an effect of the stated power is seen in about 80 % of repetitions, and none in at most 2.5 %", () => {
    const [n, deviation, repetitions] = [6, 2, 4000];
    const effect = detectable(deviation, n);
    let state = 7;
    const uniform = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const seen = (of: number): number =>
      Array.from({ length: repetitions }, () => interval(Array.from({ length: n }, () => of + deviation * normal()))[0] > 0).filter(Boolean)
        .length / repetitions;
    expect(seen(effect)).toBeGreaterThan(0.74);
    expect(seen(effect)).toBeLessThan(0.86);
    expect(seen(0)).toBeLessThan(0.035);
  });
});
