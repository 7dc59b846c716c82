import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { DeviceLostError, MemoryError } from "../../src/tensor/errors.ts";
import { runThroughDeviceLosses } from "../../src/train/run/runThroughDeviceLosses.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "./tiny.ts";
import { quietRun } from "./quietRun.ts";

/** A run on engines that fail after these numbers of reads: the number of engines that it used, and how it ended. */
async function runOn(
  reads: readonly number[],
  error: Error = new DeviceLostError("gone"),
): Promise<{ readonly engines: number; readonly end: unknown }> {
  let engines = 0;
  const newEngine = (): Promise<Engine> => {
    const engine = referenceEngine();
    const most = reads[engines++];
    if (most === undefined) return Promise.reject(new RangeError("needs an adapter"));
    let left = most;
    return Promise.resolve({ ...engine, read: (t) => (left-- > 0 ? engine.read(t) : Promise.reject(error)) });
  };
  const options = quietRun(join(temporaryFolder(), "run"), { checkpointEvery: 1 });
  const run = runThroughDeviceLosses(newEngine, tiny, options, () => undefined);
  const end = await run.then(
    () => "ended",
    (why: unknown) => why,
  );
  return { engines, end };
}

describe("runThroughDeviceLosses", () => {
  it("continues on another engine as long as the run makes progress", async () => {
    expect(await runOn([100, 100, 100, 100, Infinity])).toEqual({ engines: 5, end: "ended" });
  });

  it("gives up at the third device loss without progress", async () => {
    expect(await runOn([100, 0, 0, Infinity])).toEqual({ engines: 3, end: new DeviceLostError("gone") });
  });

  it("reports that there is no other device", async () => {
    expect(await runOn([100])).toEqual({
      engines: 2,
      end: new DeviceLostError("gone, and no other device is available: it needs an adapter"),
    });
  });

  it("does not retry if memory is short", async () => {
    const short = new MemoryError("webgpu", { needed: 2, capacity: 1 });
    expect(await runOn([100, Infinity], short)).toEqual({ engines: 1, end: short });
  });
});
