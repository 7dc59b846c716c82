/** A driver that resets its device for too much work in one command buffer: the run goes on with less work in each, to the same weights. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Recipe } from "../../src/train/run/recipe.ts";
import { runThroughDeviceLosses } from "../../src/train/run/runThroughDeviceLosses.ts";
import { DeviceLostError } from "../../src/tensor/errors.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { metricsText } from "../helpers/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { watched } from "../helpers/watchdog.ts";
import { quietRun } from "../train/quietRun.ts";
import { tinyOf } from "../train/tiny.ts";

const one = tinyOf(1);
const recipe: Recipe = { ...one, model: { ...one.model, depth: 1, distilled: false }, teachers: [], distillation: { kind: "none" } };

interface Watched {
  readonly files: readonly unknown[];
  /** Of the engines of the run, one after the other. */
  readonly work: readonly (number | null)[];
  readonly dispatchesASubmit: number;
}

/** A run on devices that allow so many workgroups in a command buffer. */
async function run(most: number): Promise<Watched> {
  const directory = join(temporaryFolder(), "run");
  const work: (number | null)[] = [];
  const newEngine = async (submitWork: number | null): Promise<ReturnType<typeof webgpuEngine>> => {
    work.push(submitWork);
    return webgpuEngine({ device: watched(await gpuDevice(), most), submitWork });
  };
  const { engine } = await runThroughDeviceLosses(newEngine, recipe, quietRun(directory), () => undefined);
  const { submits = NaN, dispatches = NaN } = engine.sent?.() ?? {};
  engine.close();
  const files = [readFileSync(join(directory, "weights.safetensors")), metricsText(join(directory, "metrics.jsonl"))];
  return { files, work, dispatchesASubmit: dispatches / submits };
}

/** Less than a training step has, and more than a dispatch. */
const MOST = 50;
/** Timeout in ms. */
const UNHURRIED = 120_000;

onGpu("a run on a device with a watchdog", () => {
  it("ends with the same bits as on one without, with ever less work in a command buffer", { timeout: UNHURRIED }, async () => {
    const [free, bound] = [await run(Infinity), await run(MOST)];
    expect(bound.files).toEqual(free.files);
    expect(free.work).toEqual([null]);
    const work = bound.work.slice(1).map((value) => value ?? NaN);
    expect(work.length).toBeGreaterThan(2);
    expect(work).toEqual(work.toSorted((a, b) => b - a));
    expect(Math.min(...work)).toBeLessThanOrEqual((work[0] ?? NaN) / 4);
    expect(bound.dispatchesASubmit).toBeLessThan(free.dispatchesASubmit / 2);
  });

  it("is refused if a single dispatch is too much", { timeout: UNHURRIED }, async () => {
    const refused = await run(0).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RangeError);
    expect(refused).not.toBeInstanceOf(DeviceLostError);
    expect(String(refused)).toMatch(/the device is lost.*, again and again, even with one dispatch at a time; a smaller training\.batch/);
  });
});
