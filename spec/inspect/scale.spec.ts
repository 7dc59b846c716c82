import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brightness, scaleOf, ticksOf, timesEven } from "../../src/inspect/scale.ts";

const scales = fc.constantFrom(1, 2, 4);
const times = fc.double({ min: 2 ** -20, max: 2 ** 20, noNaN: true });

describe("the brightness of a map", () => {
  it("is in the middle for the even share, whatever the scale", () => {
    for (const d of [1, 2, 4]) expect(brightness(1, d)).toBe(0.5);
  });

  it("grows by equal steps with each doubling, between black and white", () => {
    expect([0, 1 / 32, 1 / 16, 1 / 4, 4, 16, 64].map((x) => brightness(x, 4))).toEqual([0, 0, 0, 0.25, 0.75, 1, 1]);
  });

  it("is as far above the middle for x as it is below for 1/x, and never decreases", () => {
    fc.assert(
      fc.property(scales, times, times, (d, x, y) => {
        expect(brightness(x, d) + brightness(1 / x, d)).toBeCloseTo(1, 12);
        expect(brightness(Math.max(x, y), d)).toBeGreaterThanOrEqual(brightness(Math.min(x, y), d));
      }),
    );
  });
});

describe("a scale", () => {
  const map = (...values: readonly number[]): Float64Array => Float64Array.from(values);

  it("is the narrowest that covers all maps, else the widest", () => {
    expect(scaleOf([map(1, 1)])).toBe(1);
    expect(scaleOf([map(1, 0.5), map(2, 1)])).toBe(1);
    expect(scaleOf([map(1, 0.5), map(2.1, 1)])).toBe(2);
    expect(scaleOf([map(0.2)])).toBe(4);
    expect(scaleOf([map(0, 1000)])).toBe(4);
  });

  it("places its numbers at their brightness", () => {
    expect(ticksOf(1).map(({ text }) => text)).toEqual(["≤ ½×", "1×", "≥ 2×"]);
    expect(ticksOf(2).map(({ text }) => text)).toEqual(["≤ ¼×", "½×", "1×", "2×", "≥ 4×"]);
    expect(ticksOf(4).map(({ text }) => text)).toEqual(["≤ 1/16×", "¼×", "1×", "4×", "≥ 16×"]);
    const places = [1 / 16, 1 / 4, 1, 4, 16].map((x) => brightness(x, 4));
    expect(ticksOf(4).map(({ at }) => at)).toEqual(places);
  });

  it("divides a map by its even share; a map without attention is 0", () => {
    expect([...timesEven(map(0.5, 0.25), 0.25)]).toEqual([2, 1]);
    expect([...timesEven(map(0, 0), 0)]).toEqual([0, 0]);
  });
});
