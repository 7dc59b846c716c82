import { describe, expect, it } from "vitest";
import { bytesMoved, opBench, type OpBench } from "../../src/bench/opBench.ts";
import { flopOfCases, metersOf, underRoof, type Meters } from "../../src/bench/roofline.ts";
import type { Work } from "../../src/bench/timing.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { linear } from "../../src/ops/linear.ts";
import { residual } from "../../src/ops/residual.ts";

const { kernels: k } = referenceEngine();

/** A clock in ms that only works move on. */
let time = 0;
const clock = (): number => time;
const taking = (ms: number): Work => ({ run: () => void (time += ms) });

/** Copies at 1 GB/s and a peak of 1 GFLOP/s. */
const meters: Meters = { peak: () => 1, copy: (bytes) => taking(bytes / 1e6) };
const options = { repetitions: 3, clock };

describe("an op under its roof", () => {
  it("is bound by what takes longer, and its share is that of this bound", () => {
    const copies = underRoof(taking(4), { bytes: 2e6, flop: 1e6 }, meters, options).roofline;
    expect(copies).toMatchObject({ by: "memory", share: 0.5, gbPerSecond: 0.5, copyGbPerSecond: 1, gflops: 0.25 });
    const computes = underRoof(taking(4), { bytes: 2e6, flop: 3e6 }, meters, options).roofline;
    expect(computes).toMatchObject({ by: "arithmetic", share: 0.75, gflops: 0.75 });
  });

  it("is bound by memory if it computes nothing", () => {
    expect(underRoof(taking(4), { bytes: 2e6, flop: 0 }, meters, options).roofline).toMatchObject({ by: "memory", gflops: 0 });
  });

  it("gives a time for each sample", () => {
    expect(underRoof(taking(4), { bytes: 2e6, flop: 0 }, meters, options).ms).toEqual([4, 4, 4]);
  });

  it("is compared with a copy of the same size, and refused if it is too large for one", async () => {
    const { copy } = await metersOf(() => 1);
    const work = copy(1024);
    expect(() => work.run()).not.toThrow();
    expect(() => copy(2 ** 30)).toThrow(RangeError);
  });
});

describe("bytesMoved", () => {
  it("counts each tensor once, whether read, written or both, and a view with its tensor", () => {
    const [a, b] = [k.zeros([3, 5]), k.zeros([7])];
    expect(bytesMoved({ a, again: a, view: k.reshape(a, [15]) }, { a, b })).toBe(4 * (15 + 7));
  });
});

describe("FLOP", () => {
  const [rows, I, O] = [3, 4, 5];
  const linearBench: OpBench = opBench(linear, [rows], (own, B) => ({
    title: "",
    inputs: { x: own.zeros([B, I]), params: { weight: own.zeros([O, I]), bias: own.zeros([O]) } },
    attrs: undefined,
  }));

  it("of a matrix multiplication are two for each multiply–add, and one for each element of a sum", () => {
    const [forward, vjp] = flopOfCases(linearBench);
    expect(forward).toBe(2 * rows * I * O + rows * O);
    expect(vjp).toBe(4 * rows * I * O + rows * O);
  });

  it("of a sum are one for each element, and none of a vjp that returns its cotangent", () => {
    const bench = opBench(residual, [2], (own, B) => ({
      title: "",
      inputs: { x: own.zeros([B, 3, 4]), branch: own.zeros([B, 3, 4]) },
      attrs: { multiplier: null },
    }));
    expect(flopOfCases(bench)).toEqual([24, 0]);
  });
});

describe("the bytes of a case", () => {
  it("are those of its inputs, its output and what else it saves", () => {
    const bench = opBench(linear, [3], (own, B) => ({
      title: "",
      inputs: { x: own.zeros([B, 4]), params: { weight: own.zeros([5, 4]), bias: own.zeros([5]) } },
      attrs: undefined,
    }));
    k.region("cases", () => {
      const [forward, vjp] = bench.cases(k);
      expect(forward?.bytes).toBe(4 * (12 + 20 + 5 + 15));
      expect(vjp?.bytes).toBe(4 * (12 + 20 + 15 + 12 + 20 + 5));
    });
  });
});
