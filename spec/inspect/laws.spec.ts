/** What holds of rollout, token cosines and disagreement whatever the model and the images are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { disagreementMatrix } from "../../src/inspect/disagreement.ts";
import { residualMixing, rollout } from "../../src/inspect/rollout.ts";
import { buildParams } from "../../src/model/params.ts";
import { hashed } from "../../src/recording/format/hash.ts";
import { tokenCosines } from "../../src/train/evaluation/tokenCosines.ts";
import { inspectedCase } from "./cases.ts";

const RUNS = { numRuns: 60, seed: 1 };
const { bound } = tolerances.equation.f64;

/** A of some layers, [1, h, T, T], whose rows are probabilities. */
const layersOfAttention = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 7 }))
  .chain(([depth, h, T]) =>
    fc
      .array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: h * T * T, maxLength: h * T * T }), {
        minLength: depth,
        maxLength: depth,
      })
      .map((layers) =>
        layers.map((values) => {
          const row = (i: number): readonly number[] => values.slice(Math.floor(i / T) * T, (Math.floor(i / T) + 1) * T);
          const total = (i: number): number => row(i).reduce((a, b) => a + b, T);
          return { shape: [1, h, T, T], data: Float64Array.from(values, (value, i) => (value + 1) / total(i)) };
        }),
      ),
  );

describe("rollout", () => {
  it("gives each token shares of all tokens that sum to 1", () => {
    fc.assert(
      fc.property(layersOfAttention, (layers) => {
        const T = layers[0]?.shape[3] ?? 0;
        for (const row of rollout(layers.map(residualMixing), T)) {
          expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
          expect(Math.abs(row.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(bound);
        }
      }),
      RUNS,
    );
  });

  it("keeps at least half of each token in every block", () => {
    fc.assert(
      fc.property(layersOfAttention, (layers) => {
        const T = layers[0]?.shape[3] ?? 0;
        for (const [i, row] of rollout(layers.map(residualMixing), T).entries()) expect(row[i]).toBeGreaterThanOrEqual(2 ** -layers.length);
      }),
      RUNS,
    );
  });

  it("changes nothing if tokens attend only to themselves", () => {
    const identity = { shape: [1, 1, 3, 3], data: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
    expect(rollout([identity, identity].map(residualMixing), 3)).toEqual(
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ].map((row) => Float64Array.from(row)),
    );
  });
});

describe("token cosines", () => {
  it("lie between −1 and 1 in every layer, with and without positions", async () => {
    const { config, batch } = inspectedCase("distilled");
    const engine = referenceEngine();
    const { kernels: k } = engine;
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 32 - 1), async (seed) => {
        const params = buildParams(config, (path, shape) => k.upload(shape, hashed(path, shape, seed).data));
        const cosines = await tokenCosines(engine, { config, params }, [batch]);
        engine.release(params);
        const all = Object.values(cosines ?? {}).flat();
        expect(all).toHaveLength(2 + 2 * config.depth);
        for (const cosine of all) expect(Math.abs(cosine)).toBeLessThan(1 + bound);
      }),
      { numRuns: 4, seed: 1 },
    );
  });
});

describe("a disagreement matrix", () => {
  const deciders = fc
    .integer({ min: 1, max: 20 })
    .chain((images) =>
      fc
        .array(fc.array(fc.nat(2), { minLength: images, maxLength: images }), { minLength: 3, maxLength: 5 })
        .map((all) => all.map((decisions, i) => ({ name: `${i}`, decisions }))),
    );

  it("is symmetric, with zeros on its diagonal", () => {
    fc.assert(
      fc.property(deciders, (all) => {
        const { matrix } = disagreementMatrix(all);
        expect(matrix).toEqual(matrix.map((_, j) => matrix.map((row) => row[j])));
        expect(matrix.map((row, i) => row[i])).toEqual(matrix.map(() => 0));
      }),
      RUNS,
    );
  });

  it("obeys the triangle inequality", () => {
    fc.assert(
      fc.property(deciders, (all) => {
        const [[, ab = NaN, ac = NaN] = [], [, , bc = NaN] = []] = disagreementMatrix(all).matrix;
        expect(ac).toBeLessThan(ab + bc + bound);
      }),
      RUNS,
    );
  });

  it("counts images: one of four is a quarter", () => {
    const deciders = [
      { name: "a", decisions: [0, 1, 2, 0] },
      { name: "b", decisions: [0, 1, 1, 0] },
    ];
    expect(disagreementMatrix(deciders)).toEqual({
      names: ["a", "b"],
      images: 4,
      matrix: [
        [0, 0.25],
        [0.25, 0],
      ],
    });
  });
});
