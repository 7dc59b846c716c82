/** The WebGPU engine in a worker of a page, on SwiftShader: bitwise identical to the engine in Node. */
import { expect, it } from "vitest";
import { tolerances } from "../../src/check/tolerance.ts";
import type { Engine } from "#deit/kernels/engine.js";
import { allRows } from "../../src/laws/rows.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { wasmEngine } from "#deit/wasm.js";
import { webgpuEngine } from "#deit/webgpu.js";
import { bytesOf } from "../helpers/fixtures.ts";
import { gpuDevice, whyNoGpu } from "../helpers/gpu.ts";
import { digitsRun, type DigitsResult } from "./page/digitsRun.ts";
import { trainingDigest } from "./page/trainingDigest.ts";
import { onEachPage } from "./pages.ts";
import { recordings } from "./recordings.ts";
import { inChromium } from "./suite.ts";

const SEED = 31;
const CASES = 1;
const training = { steps: 3, seed: SEED };

const DIGITS = "digits/digits.safetensors";
const run = { steps: 8, every: 3, lostIn: [] };

/** The training on an engine in Node. */
const digitsOn = (engine: Engine): Promise<DigitsResult> =>
  digitsRun(async () => ({ engine, lose: () => undefined }), bytesOf(DIGITS), run);
const gpuEngine = async (): Promise<Engine> => webgpuEngine({ device: await gpuDevice() });

inChromium("the WebGPU engine", (browser) => {
  let inNode: Promise<string> | null = null;
  let uninterrupted: DigitsResult | null = null;
  onEachPage(browser, new Map([...recordings, DIGITS].map((path) => [path, bytesOf(path)])), ({ isolated, ask }) => {
    /** Isolated pages use only what every device has, other pages all that the adapter has. */
    const gpu = { plain: isolated };

    it("all equations and all laws of all ops hold", async () => {
      const reports = await ask("laws", { gpu }, { cases: CASES, seed: SEED });
      expect(reports.filter(({ status }) => status !== "ok")).toEqual([]);
      expect(reports.map(({ id, cases }) => ({ id, cases }))).toEqual(allRows.map(({ id }) => ({ id, cases: CASES })));
    });

    it.each(recordings)("%s agrees with PyTorch", async (path) => {
      expect(await ask("verify", { gpu }, `/${path}`)).toEqual({
        match: true,
        tensors: readRecording(bytesOf(path)).results.size,
        first: null,
        variant: null,
      });
    });

    it.skipIf(whyNoGpu !== null)("training is bitwise identical to training in Node", async () => {
      expect(await ask("trainingDigest", { gpu }, training)).toBe(
        await (inNode ??= gpuEngine().then((engine) => trainingDigest(engine, training))),
      );
    });

    it.runIf(isolated)("training on the digits is bitwise identical with and without a device loss", async () => {
      uninterrupted = await ask("digits", `/${DIGITS}`, run);
      const { losses, digest } = uninterrupted;
      expect(await ask("digits", `/${DIGITS}`, { ...run, lostIn: [5] })).toEqual({ losses, digest, engines: 2 });
    });
  });

  it("training on the digits has the WASM engine's losses within the tolerance", async () => {
    const { bound } = tolerances.recordedAdamW.f32;
    const { losses } = await digitsOn(await wasmEngine());
    const gaps = losses.map((loss, i) => Math.abs((uninterrupted?.losses[i] ?? NaN) / loss - 1));
    expect(gaps).toHaveLength(run.steps);
    expect(Math.max(...gaps)).toBeLessThan(bound);
  });

  it.skipIf(whyNoGpu !== null)("training on the digits is bitwise identical to training in Node", async () => {
    expect(uninterrupted).toEqual(await digitsOn(await gpuEngine()));
  });
});
