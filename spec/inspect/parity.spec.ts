/** What `deit inspect` shows against timm and numpy (fixtures/inspect). */
import { describe, expect, it } from "vitest";
import { describe as sayHow, gap } from "../../src/check/close.ts";
import { hostArray, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { attentionMaps, probabilities } from "../../src/inspect/attention.ts";
import { decidersOf, disagreementMatrix } from "../../src/inspect/disagreement.ts";
import { intermediate, intermediates } from "../../src/inspect/intermediates.ts";
import { residualMixing, rollout } from "../../src/inspect/rollout.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { networkInputsOf } from "../../src/recording/steps/networkInputs.ts";
import { tapShapes } from "../../src/recording/format/tensorSpecs.ts";
import { axis } from "../../src/tensor/tensor.ts";
import { decide } from "../../src/train/evaluation/decisions.ts";
import { tokenCosines } from "../../src/train/evaluation/tokenCosines.ts";
import { engines } from "../helpers/engines.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";
import { firstImage, inspectedCase } from "./cases.ts";

const array = (values: readonly number[]): HostArray => hostArray([values.length], values);

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

/** Row `from` of the matrix of a head, cut to the last N columns. */
function patchesOf({ shape, data }: HostArray, head: number, from: number, N: number): HostArray {
  const T = axis(shape, -1);
  const end = (head * T + from + 1) * T;
  return array([...data.subarray(end - N, end)]);
}

describe.each(engines.filter(({ name }) => name === "reference" || name === "wasm"))("on the $name engine", ({ make }) => {
  describe.each(["distilled", "plain"] as const)("of a %s model", (name) => {
    const { config, batch, images, model, expected, deciders } = inspectedCase(name);
    const { depth, heads, distilled } = config;
    const inspected = make().then(async (engine) => {
      const deit = model(engine);
      const bound = tolerances.recordedEndToEnd[engine.precision].bound;
      return { engine, deit, bound, all: await intermediates(engine, deit, firstImage({ images })) };
    });

    it("attention equals timm's, and so do each token's rows", async () => {
      const { all, bound } = await inspected;
      const N = (config.imageSize / config.patchSize) ** 2;
      const maps = attentionMaps(all, config);
      expect(maps).toHaveLength(depth);
      for (const [i, probs] of probabilities(all, config).entries()) {
        const want = expected(`probs/${i}`);
        expect(gap(hostArray(probs.shape, probs.data), want)).toBeLessThan(bound);
        const layer = maps[i] ?? [];
        expect(layer.map(({ head }) => head)).toEqual(["mean", ...Array.from({ length: heads }, (_, h) => h)]);
        const ofHeads = layer.slice(1).flatMap(({ tokens }, head) =>
          tokens.map(({ token, patches, share }, row) => {
            const rows = patchesOf(want, head, row, N);
            expect(token).toBe(["class", "distillation"][row]);
            expect(gap(array([share]), array([sum(rows.data)]))).toBeLessThan(bound);
            return gap(array([...patches]), rows);
          }),
        );
        expect(ofHeads).toHaveLength(heads * (distilled ? 2 : 1));
        expect(Math.max(...ofHeads)).toBeLessThan(bound);
      }
    });

    it("rollout after each block equals numpy's", async () => {
      const { all, bound } = await inspected;
      const mixings = probabilities(all, config).map(residualMixing);
      for (let l = 1; l <= depth; l++) {
        const want = expected(`rollout/${l - 1}`);
        const T = axis(want.shape, 0);
        const rows = rollout(mixings.slice(0, l), T).flatMap((row) => [...row]);
        expect(gap(hostArray(want.shape, rows), want)).toBeLessThan(bound);
        const prefix = rollout(mixings.slice(0, l), 2).map((row) => [...row]);
        expect(prefix).toEqual([rows.slice(0, T), rows.slice(T, 2 * T)]);
      }
    });

    it("heads disagree as often as in numpy, with each other and with the labels", async () => {
      const { engine, deit } = await inspected;
      const { names, images, matrix } = disagreementMatrix(decidersOf(await decide(engine, deit, [batch]), null, []));
      expect(names).toEqual(deciders);
      expect(images).toBe(batch.labels.length);
      expect(gap(hostArray([names.length, names.length], matrix.flat()), expected("disagreement"))).toBeLessThan(
        tolerances.equation.f64.bound,
      );
    });

    it(`cosines of the two tokens are ${distilled ? "numpy's, with and without positions" : "none"}`, async () => {
      const { engine, deit, bound } = await inspected;
      const cosines = await tokenCosines(engine, deit, [batch]);
      expect(cosines !== null).toBe(distilled);
      if (cosines === null) return;
      const { input, positioned, blocks, blocksWithoutPositions } = cosines;
      expect(gap(array([positioned, ...blocks]), expected("cosines/with"))).toBeLessThan(bound);
      expect(gap(array([input, ...blocksWithoutPositions]), expected("cosines/without"))).toBeLessThan(bound);
    });
  });

  it.each(["tiny-distilled-fused-f64", "odd-sizes-distilled-f64"])(
    "every intermediate is PyTorch's, in the order of the taps: %s",
    async (file) => {
      const engine = await make();
      const recording = readRecording(bytesOf(`recordings/${file}.safetensors`));
      const { model: config } = recording.configuration;
      const { inputs } = networkInputsOf(engine.kernels, recording);
      const before = engine.memory().live;
      const all = await intermediates(engine, { config, params: inputs.params }, tensorOf(recording.given, "images"));
      expect(engine.memory().live).toBe(before);
      expect([...all.keys()]).toEqual([...tapShapes(config, recording.batch).keys()]);
      const { bound } = tolerances.recordedEndToEnd[engine.precision];
      const off = [...all.keys()].flatMap((path) => {
        const { shape, data } = intermediate(all, path);
        const [actual, want] = [hostArray(shape, data), tensorOf(recording.results, `taps/${path}`)];
        return gap(actual, want) <= bound ? [] : [sayHow(path, actual, want, bound)];
      });
      expect(off).toEqual([]);
    },
  );
});
