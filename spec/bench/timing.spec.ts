import { describe, expect, it } from "vitest";
import { judged, paired } from "../../src/bench/paired.ts";
import { geometricMean, median, quantile } from "../../src/bench/statistics.ts";
import { spent, timed } from "../../src/bench/timing.ts";

/** A clock that moves on only by the ms that the work takes. */
function simulated(): { readonly clock: () => number; readonly work: (ms: number) => void } {
  let now = 0;
  return { clock: () => now, work: (ms) => void (now += ms) };
}

describe("statistics", () => {
  it("a quantile lies between its two neighbours", () => {
    expect([quantile([3, 1, 2], 0), median([3, 1, 2]), median([4, 1, 2, 3]), quantile([0, 1, 2, 3], 0.75)]).toEqual([1, 2, 2.5, 2.25]);
  });

  it("a half and a double have a geometric mean of 1", () => {
    expect(geometricMean([0.5, 2])).toBeCloseTo(1, 15);
  });

  it("there are none without samples", () => {
    expect([median([]), geometricMean([])]).toEqual([NaN, NaN]);
  });
});

describe("a timing", () => {
  it("is per run, however many runs make a sample", () => {
    const { clock, work } = simulated();
    const { median: ms, min, upper } = timed({ run: () => work(3) }, { repetitions: 3, clock });
    for (const found of [ms, min, upper]) expect(found).toBeCloseTo(3, 9);
  });

  it("leaves out the time before each run", () => {
    const { clock, work } = simulated();
    expect(spent({ before: () => work(100), run: () => work(2) }, 4, clock)).toBe(8);
  });

  it("throws what the work throws", () => {
    const { clock } = simulated();
    const run = (): never => {
      throw new RangeError("no");
    };
    expect(() => timed({ run }, { repetitions: 1, clock })).toThrow("no");
  });
});

describe("a ratio to the measured peak", () => {
  /** 10⁷ FLOP in 1 ms are 10 GFLOP/s. */
  const FLOP = 1e7;

  it("compares each sample with the mean of its two peaks, and is the median of the samples", () => {
    const samples = [
      { ms: 1, before: 19.5, after: 20.5 }, // 10/20
      { ms: 2, before: 20, after: 20 }, //     5/20
      { ms: 0.5, before: 20, after: 21 }, //   20/20.5
    ];
    const { ratio, gflops, peakGflops, kept, taken } = judged(samples, FLOP);
    expect({ ratio, gflops, peakGflops, kept, taken }).toEqual({ ratio: 0.5, gflops: 10, peakGflops: 20, kept: 3, taken: 3 });
  });

  it("ignores samples whose two peaks differ by more than 6 %", () => {
    const samples = [
      { ms: 1, before: 20, after: 20 },
      { ms: 9, before: 20, after: 22 },
      { ms: 9, before: 22, after: 20 },
    ];
    const { ratio, ms, kept, taken } = judged(samples, FLOP);
    expect({ ratio, ms: ms.upper, kept, taken }).toEqual({ ratio: 0.5, ms: 1, kept: 1, taken: 3 });
  });

  it("is NaN where no two peaks agree; the loop ends after 60 samples, and the time is known", () => {
    const { clock, work } = simulated();
    let flips = 0;
    const peak = (): number => (flips++ % 2 === 0 ? 10 : 20);
    const { kept, taken, ratio, ms } = paired({ run: () => work(1) }, FLOP, peak, { repetitions: 15, clock });
    expect({ kept, taken, ratio }).toEqual({ kept: 0, taken: 60, ratio: NaN });
    expect(ms.median).toBeCloseTo(1, 9);
  });

  it("takes more samples until five are kept", () => {
    const { clock, work } = simulated();
    let calls = 0;
    const peak = (): number => (calls++ < 20 && calls % 2 === 0 ? 10 : 20); // unsteady at first
    const { kept, taken } = paired({ run: () => work(1) }, FLOP, peak, { repetitions: 15, clock });
    expect(kept).toBe(5);
    expect(taken).toBeGreaterThan(15);
  });
});
