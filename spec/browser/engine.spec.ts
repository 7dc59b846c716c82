/** The built package on a page: the WASM engine in a worker, with and without cross-origin isolation. */
import { describe, expect, it } from "vitest";
import { allRows } from "../../src/laws/rows.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";
import { relaxedSimd } from "../helpers/relaxedSimd.ts";
import { jobs } from "./page/jobs.ts";
import { onEachPage } from "./pages.ts";
import { recordings } from "./recordings.ts";
import type { Files } from "./site.ts";
import { inChromium } from "./suite.ts";

const SEED = 29;

/** The engine's options, and the number of cases of each row. */
const engines = [
  { build: "release", threads: 1, cases: 6 },
  { build: "debug", threads: 1, cases: 3 },
  { build: "fma", threads: 1, cases: 3 },
  { build: "release", threads: 2, cases: 3 },
  { build: "debug", threads: 2, cases: 2 },
] as const;
const PARITY_CASES = 15;

const PLANTED = "gelu-tanh.hash-hard-f64.everywhere.safetensors";

const training = { steps: 5, seed: SEED };

/** The files that the page fetches. */
const fetched: Files = new Map([...recordings, `planted/${PLANTED}`].map((path) => [path, bytesOf(path)]));

inChromium("the WASM engine", (browser) => {
  onEachPage(browser, fetched, ({ isolated, ask, workers }) => {
    it("the worker is isolated if the headers say so", async () => {
      expect(await ask("isIsolated")).toBe(isolated);
    });

    it("the entry points have the same exports as in Node", async () => {
      expect(await ask("exportedNames")).toEqual(await jobs.exportedNames());
    });

    const here = engines.filter(({ threads }) => threads === 1 || isolated);
    describe.each(here)("on the $build build, threads: $threads", ({ build, threads, cases }) => {
      const choice = { build, threads, chunks: "smallest" } as const;

      it("all equations and all laws of all ops hold", async () => {
        const reports = await ask("laws", choice, { cases, seed: SEED });
        expect(reports.filter(({ status }) => status !== "ok")).toEqual([]);
        expect(reports.map(({ id, cases }) => ({ id, cases }))).toEqual(allRows.map(({ id }) => ({ id, cases })));
      });

      it("fused kernels compute what their definitions do", async () => {
        const reports = await ask("parity", choice, { cases: PARITY_CASES, seed: SEED });
        expect(reports.filter(({ status }) => status !== "ok")).toEqual([]);
        expect(reports.length).toBeGreaterThan(40);
      });

      it("training is bitwise identical to training on one thread in Node", async ({ skip }) => {
        skip(build === "fma" && !relaxedSimd, "this Node has no relaxed SIMD");
        expect(await ask("trainingDigest", choice, training)).toBe(await jobs.trainingDigest({ build }, training));
      });

      it.each(recordings)("%s agrees with PyTorch", async (path) => {
        expect(await ask("verify", choice, `/${path}`)).toEqual({
          match: true,
          tensors: readRecording(bytesOf(path)).results.size,
          first: null,
          variant: null,
        });
      });
    });

    it.runIf(isolated)("threads wake up and work, and end when their engine is closed, even if they are asleep", async () => {
      const alone = (): Promise<void> => expect.poll(workers).toBe(1);
      await alone();
      for (const threads of [2, 4]) expect(await ask("sumByOthers", { threads }, 300)).toBe(300 ** 3);
      await alone();
    });

    it.skipIf(isolated)("threads are refused", async () => {
      await expect(ask("sumByOthers", { threads: 2 }, 300)).rejects.toThrow("RangeError: wasm: 2 threads need shared memory");
    });

    it("an error in a recording is located and named", async () => {
      const rows: readonly { readonly file: string; readonly first: string; readonly variant: string }[] = JSON.parse(
        textOf("planted/index.json"),
      );
      const planted = rows.find(({ file }) => file === PLANTED);
      const { match, first, variant } = await ask("verify", { build: "release" }, `/planted/${PLANTED}`);
      expect({ match, first, variant }).toEqual({ match: false, first: planted?.first, variant: "gelu-tanh" });
    });

    it("errors of the engine reach the page", async () => {
      await expect(ask("verify", { build: "release" }, "/index.html")).rejects.toThrow(/RecordingError|SafetensorsError/);
    });
  });

  it("the digest of a training run depends on the seed and on the number of steps", async () => {
    const digests = [training, { ...training, seed: SEED + 1 }, { ...training, steps: training.steps + 1 }].map((of) =>
      jobs.trainingDigest({ build: "release" }, of),
    );
    expect(new Set(await Promise.all(digests)).size).toBe(3);
  });
});
