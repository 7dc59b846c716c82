/** How many images a RegNetY is evaluated on at once, and that no accuracy depends on it. */
import { describe, expect, it } from "vitest";
import { tolerances } from "../../src/check/tolerance.ts";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Stored } from "../../src/io/weights/stored.ts";
import { hashed } from "../../src/recording/format/hash.ts";
import { regnetShapes } from "../../src/teacher/params.ts";
import { regnetNetwork } from "../../src/train/teachers/network.ts";
import { checkRegnetFits, evaluableRegnet, type RegnetAtSize } from "../../src/train/teachers/regnetEvaluation.ts";
import { notingPlans } from "../helpers/planned.ts";
import { evaluationBatches } from "../helpers/batches.ts";
import { tiny, tinyRegnet } from "./tiny.ts";

/** The network with random weights; running variances are 1 + a little. */
function networkOf(side: number): RegnetAtSize {
  const valueOf = (name: string, value: number): number => (name.endsWith("running_var") ? 1 + Math.abs(value) : value);
  const stored = new Map(
    [...regnetShapes(tinyRegnet)].map(([name, { shape }]): readonly [string, Stored] => {
      const data = Float32Array.from(hashed(name, shape, 1).data, (value) => valueOf(name, value));
      return [name, { dtype: "F32", shape, data }];
    }),
  );
  return { config: tinyRegnet, network: regnetNetwork(tinyRegnet, stored, { side, normalisation: tiny.data }), side };
}

describe("the evaluation of a RegNetY", () => {
  it("takes as many images at once as keep the engine busy, fewer if they do not fit, and at least one", async () => {
    const { noting, planned } = notingPlans(await wasmEngine());
    const batchWithin = async (capacity: number): Promise<number> => {
      const { batch, release } = await evaluableRegnet({ ...noting, capacity }, networkOf(64));
      release();
      return batch;
    };
    expect(await batchWithin(2 ** 32)).toBe(512); // the stem: 4 · 32² numbers, of 2²¹
    const fitting = await batchWithin(Math.max(...planned) / 2);
    expect(fitting).toBeGreaterThan(64);
    expect(fitting).toBeLessThan(512);
    expect(await batchWithin(0)).toBe(1);
  });

  it("is refused with the image size if not even one image fits", async () => {
    const wasm = await wasmEngine();
    expect(() => checkRegnetFits({ ...wasm, capacity: 1e5 }, networkOf(128))).toThrow(
      /^wasm: an image of 128×128 needs [\d.]+ MB of at most [\d.]+ MB$/,
    );
    expect(() => checkRegnetFits(wasm, networkOf(128))).not.toThrow();
  });

  it("gives the same accuracy whatever the batch, and frees all but the network", async () => {
    const wasm = await wasmEngine();
    const before = wasm.memory().live;
    const dataset = synthetic(7, { channels: 1, side: 4, classes: 3 });
    const { evaluate, release } = await evaluableRegnet(wasm, networkOf(4));
    const held = wasm.memory().live;
    const { loss, ...whole } = await evaluate(evaluationBatches(dataset, 7, tiny.data));
    const { loss: inParts, ...parts } = await evaluate(evaluationBatches(dataset, 2, tiny.data));
    expect(parts).toEqual(whole);
    expect(whole).toMatchObject({ images: 7, disagreement: null });
    expect(Math.abs(inParts / loss - 1)).toBeLessThan(tolerances.equation.f32.bound);
    expect(wasm.memory().live).toBe(held);
    release();
    expect(wasm.memory().live).toBe(before);
  });
});
