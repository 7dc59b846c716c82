/** The model of how a training step scales. */
import { describe, expect, it } from "vitest";
import { nodes } from "../../src/bench/scaling/nodes.ts";
import { stepSeconds, sumSeconds } from "../../src/bench/scaling/step.ts";

const link = (latency: number, bandwidth: number): { readonly latency: number; readonly bandwidth: number } => ({ latency, bandwidth });
const free = { title: "", within: link(0, Infinity), between: link(0, Infinity), local: 0 };

describe("the model of a sum", () => {
  it("has the bytes of a ring: 2 G (R − 1) / R, each way", () => {
    for (const R of [2, 8, 64]) expect(sumSeconds(1e9, R, 1024, { ...free, within: link(0, 1e9) })).toBeCloseTo((2 * (R - 1)) / R, 10);
  });

  it("sends over the network what is left after the halving within a node", () => {
    const seconds = sumSeconds(8e9, 1024, 8, { ...free, between: link(0, 1e9) });
    expect(seconds).toBeCloseTo(2 * (1 - 8 / 1024), 10);
  });

  it("has the latency of log₂ R exchanges, there and back, and costs nothing on one rank", () => {
    expect(sumSeconds(0, 64, 8, { ...free, within: link(1, Infinity), between: link(100, Infinity) })).toBe(2 * (3 + 300));
    expect(sumSeconds(1e9, 1, 8, { ...free, local: 1 })).toBe(0);
  });
});

describe("the model of a step", () => {
  const one = { compute: 3, gradients: 100e6 };

  it("hides fast sums behind the backward pass but for the last of four buckets", () => {
    const sums = { ...free, local: 1e-9 }; // 25 ms a bucket
    expect(stepSeconds(one, 2, 2, sums)).toBeCloseTo(3.025, 10);
  });

  it("is as long as the sums where they take longer than the backward pass", () => {
    const sums = { ...free, local: 1e-7 }; // 2.5 s a bucket
    expect(stepSeconds(one, 2, 2, sums)).toBeCloseTo(1 + 0.5 + 10, 10);
  });

  it("never gains images by slower links, on any node", () => {
    for (const { ranks, sums } of Object.values(nodes))
      for (const how of sums)
        for (const R of [2, 8, 1024]) {
          const slower = { ...how, between: link(2 * how.between.latency, how.between.bandwidth / 2) };
          expect(stepSeconds(one, R, ranks, slower)).toBeGreaterThanOrEqual(stepSeconds(one, R, ranks, how));
        }
  });
});
