import { describe, expect, it } from "vitest";
import { clippedNormal, discrete, distance, excess, integers, rectangles, uniform } from "../../src/laws/loops/distributions.ts";
import { keyOf, normalAt, uniform53At } from "../../src/tensor/key.ts";
import { chiSquareP, kolmogorovP, shareP, uniformP } from "./statistics.ts";

const N = 20_000;
const key = keyOf(11);
const uniforms = Array.from({ length: N }, (_, i) => uniform53At(key, i));
const normals = Array.from({ length: N }, (_, i) => normalAt(key, i));

describe("p-values", () => {
  // from tables of the χ² distribution: the upper 5 % and 0.1 % for 1, 10 and 100 degrees of freedom
  it.each([
    [1, 3.841459, 0.05],
    [1, 10.827566, 0.001],
    [10, 18.307038, 0.05],
    [10, 29.588298, 0.001],
    [100, 124.342113, 0.05],
    [100, 149.44925, 0.001],
  ])("of χ² with %d degrees of freedom at %d are %d", (degrees, statistic, p) => {
    const n = 1e6 * (degrees + 1);
    const expected = n / (degrees + 1);
    const shift = Math.sqrt((statistic * expected) / 2); // two counts off by as much
    const counts = Array.from({ length: degrees + 1 }, (_, i) => expected + (i === 0 ? shift : i === 1 ? -shift : 0));
    expect(Math.abs(chiSquareP(counts, counts.map(() => 1)) / p - 1)).toBeLessThan(1e-5); // prettier-ignore
  });

  it("of Kolmogorov and Smirnov are those of the limit distribution", () => {
    // the upper 5 % and 1 % of √n·D: 1.3581 and 1.6276
    const at = (x: number): number => {
      const shift = x / Math.sqrt(N);
      return kolmogorovP(
        Array.from({ length: N }, (_, i) => ((i + 0.5) / N) * (1 - shift) + shift - 0.5 / N),
        uniform(0, 1),
      );
    };
    expect([Math.abs(at(1.3581) / 0.05 - 1) < 0.02, Math.abs(at(1.6276) / 0.01 - 1) < 0.02]).toEqual([true, true]);
  });

  it("are not small for right draws", () => {
    const ps = [
      kolmogorovP(uniforms, uniform(0, 1)),
      kolmogorovP(normals, clippedNormal(0, 1, -Infinity, Infinity)),
      kolmogorovP(
        normals.map((z) => Math.min(Math.max(z, -1), 0.5)),
        clippedNormal(0, 1, -1, 0.5),
      ),
      uniformP(
        uniforms.map((u) => Math.floor(u * 15)),
        15,
      ),
      shareP(
        uniforms.map((u) => u < 0.3),
        0.3,
      ),
    ];
    expect(Math.min(...ps)).toBeGreaterThan(1e-3);
  });

  it("are small for draws that are planted wrong", () => {
    const ps = [
      kolmogorovP(
        uniforms.map((u) => u ** 1.1),
        uniform(0, 1),
      ),
      kolmogorovP(
        normals.map((z) => 0.06 + z),
        clippedNormal(0, 1, -Infinity, Infinity),
      ),
      kolmogorovP(normals, clippedNormal(0, 1, -1, 0.5)),
      uniformP(
        uniforms.map((u) => (u > 0.98 ? 0 : Math.floor(u * 15))),
        15,
      ),
      shareP(
        uniforms.map((u) => u < 0.32),
        0.3,
      ),
    ];
    expect(Math.max(...ps)).toBeLessThan(1e-6);
  });

  it("refuse counts of which too few are expected", () => {
    expect(() => chiSquareP([3, 4], [1, 1])).toThrow("chiSquareP: each of the counts needs a weight by which at least five are expected");
  });
});

describe("the distributions of the rows", () => {
  it("take a rectangle as often as trying does", () => {
    const [a0, a1, L] = [0.05, 0.9, 1.1];
    const tries = uniforms.map((u, i) => [a0 + (a1 - a0) * u, L * (2 * uniform53At(keyOf(12), i) - 1)] as const);
    const taken = tries.filter(([area, l]) => area * Math.exp(Math.abs(l)) <= 1);
    const { area, logAspect } = rectangles([a0, a1], L);
    const areas = taken.map(([a]) => a);
    const aspects = taken.map(([, l]) => l);
    expect(taken.length).toBeLessThan(0.9 * N);
    expect([kolmogorovP(areas, area) > 1e-3, kolmogorovP(aspects, logAspect) > 1e-3]).toEqual([true, true]);
    const all = tries.map(([a]) => a);
    expect(kolmogorovP(all, area)).toBeLessThan(1e-6);
  });

  it("have the steps of their weights", () => {
    const law = discrete([1, 0, 3]);
    expect([-1, 0, 1, 2, 3].map(law.upTo)).toEqual([0, 0.25, 0.25, 1, 1]);
    expect([-1, 0, 1, 2, 3].map(law.below)).toEqual([0, 0, 0.25, 0.25, 1]);
    expect([-1, 0, 1.5, 3, 9].map(integers(4).upTo)).toEqual([0, 0.25, 0.5, 1, 1]);
    expect([-1, 0, 1.5, 3, 9].map(integers(4).below)).toEqual([0, 0, 0.5, 0.75, 1]);
  });

  it("measure the largest gap on either side of a step", () => {
    expect(distance([0.25], uniform(0, 1))).toBe(0.75);
    expect(distance([0, 0, 1, 1], integers(2))).toBe(0);
    expect(distance([0, 0, 0, 1], integers(2))).toBe(2 * 0.25);
    expect(excess([[true, 0.5], [true, 0.5], [false, 0.25], [true, 0.75]])).toBeCloseTo(1 / 2, 12); // prettier-ignore
  });
});
