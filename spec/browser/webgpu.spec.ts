/** The WebGPU engine in a worker of a page, on SwiftShader. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allRows } from "../../src/laws/rows.ts";
import { readRecording } from "../../src/recording/read.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { gpuDevice } from "../helpers/gpu.ts";
import { isolation } from "./example.ts";
import { openPage, type OpenPage } from "./open.ts";
import { digitsRun } from "./page/digitsRun.ts";
import { trainingDigest } from "./page/trainingDigest.ts";
import { bundled, serve, type Files, type Site } from "./site.ts";
import { inChromium, UNHURRIED } from "./suite.ts";

const SEED = 31;
const recordings = ["tiny-plain-f64", "tiny-distilled-hard-f64", "tiny-distilled-soft-f64"].map((name) => `recordings/${name}.safetensors`);
const training = { steps: 5, seed: SEED };
const DIGITS = readFileSync("fixtures/digits/digits.safetensors");

inChromium("the WebGPU engine", (browser) => {
  let files: Files = new Map();
  beforeAll(async () => {
    const fetched = recordings.map((path) => [path, bytesOf(path)] as const);
    files = new Map([...(await bundled("spec/browser/page")), ...fetched, ["digits.safetensors", DIGITS]]);
  }, UNHURRIED);

  describe.each([
    { mode: "an isolated page", headers: isolation, gpu: { plain: true }, cases: 2 },
    { mode: "a page that is not isolated", headers: {}, gpu: { plain: false }, cases: 1 },
  ])("on $mode", ({ headers, gpu, cases }) => {
    let [site, page]: [Site | null, OpenPage | null] = [null, null];
    beforeAll(async () => {
      site = await serve(files, headers);
      page = await openPage(browser(), site.url);
    });
    afterAll(async () => {
      await page?.close();
      site?.close();
    });
    const ask: OpenPage["ask"] = (job, ...of) => {
      if (page === null) throw new Error("no page");
      return page.ask(job, ...of);
    };

    it("all equations and all laws of all ops hold", async () => {
      const reports = await ask("laws", { gpu }, { cases, seed: SEED });
      expect(reports.filter(({ status }) => status !== "ok")).toEqual([]);
      expect(reports.map(({ id, cases }) => ({ id, cases }))).toEqual(allRows.map(({ id }) => ({ id, cases })));
    });

    it("training", async () => {
      const here = await trainingDigest(webgpuEngine({ device: await gpuDevice({ limits: gpu.plain ? "default" : "adapter" }) }), training);
      expect(await ask("trainingDigest", { gpu }, training)).toBe(here);
    });

    it.each(recordings)("%s agrees with PyTorch", async (path) => {
      expect(await ask("verify", { gpu }, `/${path}`)).toEqual({
        match: true,
        tensors: readRecording(bytesOf(path)).results.size,
        first: null,
        variant: null,
      });
    });

    it("digits", async () => {
      const options = { steps: 10, every: 4, lostIn: [] };
      const here = await digitsRun(
        async () => ({ engine: webgpuEngine({ device: await gpuDevice() }), lose: () => undefined }),
        DIGITS,
        options,
      );
      console.log(here);
      expect(await ask("digits", "/digits.safetensors", options)).toEqual(here);
      expect(await ask("digits", "/digits.safetensors", { ...options, lostIn: [3, 7] })).toEqual({ ...here, engines: 3 });
    });
  });
});
