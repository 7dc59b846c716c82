import { expect, it } from "vitest";
import { benchAsynchronous, timedAsynchronous, isAsynchronous, type AsynchronousEngine } from "../../src/bench/asynchronous.ts";
import { asynchronousGemm } from "../../src/bench/gemm.ts";
import { opBench } from "../../src/bench/opBench.ts";
import { benchOpAsynchronous } from "../../src/bench/ops.ts";
import { profiledAsynchronous } from "../../src/bench/profileAsynchronous.ts";
import { costOf, ownCost, type ProfileNode } from "../../src/bench/profileTree.ts";
import { trainProgram } from "../../src/bench/train.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Stopwatch } from "../../src/kernels/engine.ts";
import { deitConfig } from "../../src/model/config.ts";
import { residual } from "../../src/ops/residual.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";

const program = trainProgram(deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 1, width: 48, heads: 3, classes: 10 }), "normal");

const engineOnGpu = async (): Promise<AsynchronousEngine> =>
  webgpuEngine({ device: await gpuDevice({ limits: "adapter" }), slab: 2 ** 26 });

function stopwatchOf({ stopwatch }: AsynchronousEngine): Stopwatch {
  if (stopwatch === null) throw new Error("this spec needs a device with the feature timestamp-query");
  return stopwatch;
}

const nodesOf = (node: ProfileNode): readonly ProfileNode[] => [node, ...node.children.flatMap(nodesOf)];

it("the engines on the processor are synchronous", () => {
  expect(isAsynchronous(referenceEngine())).toBe(false);
});

onGpu("an asynchronous engine", () => {
  it("is timed from an idle device to an idle device, and submits each run at once", async () => {
    const engine = await engineOnGpu();
    const { kernels: k } = engine;
    const run = (): void => k.region("run", () => void k.exp(k.exp(k.zeros([1000]))));
    const { ms, host, dispatches, submits } = await timedAsynchronous(engine, { run }, 2);
    expect([dispatches, submits]).toEqual([3, 1]);
    expect(ms.min).toBeGreaterThan(host.min);
    expect(host.min).toBeGreaterThan(0);
  });

  it("reports a program's memory, and allocates nothing after the second run", async () => {
    const engine = await engineOnGpu();
    const found = await benchAsynchronous(engine, program, 2, 1);
    expect(found).toMatchObject({ freshBytes: 0, submits: 1, reservedBytes: 2 ** 26 });
    expect(found.imagesPerSecond).toBeCloseTo(2 / (found.ms.median / 1e3), 9);
  });
});

onGpu("short work timed by the device's clock", () => {
  it("runs in a region that closes before the device is done, and keeps no memory", async () => {
    const engine = await engineOnGpu();
    const { live } = engine.memory();
    const shape = [60, 70];
    const gemmShape = { form: "NT", m: 60, k: 80, n: 70 } as const;
    const reported: string[] = [];
    const [row] = await asynchronousGemm(engine, [gemmShape], 2, (done) => reported.push(done.shape));
    expect(row).toMatchObject({ shape: "[60×80]·[80×70]", form: "NT", against: null });
    expect(row?.gflops).toBeCloseTo((2 * 60 * 80 * 70) / (row?.ms.median ?? NaN) / 1e6, 9);
    expect(reported).toEqual(["[60×80]·[80×70]"]);
    const bench = opBench(residual, [2], (k, B) => {
      const [x, branch] = [k.zeros([B, ...shape]), k.zeros([B, ...shape])];
      return { title: "2×60×70", inputs: { x, branch }, attrs: { multiplier: null } };
    });
    const rows = await benchOpAsynchronous(engine, bench, 2, ({ title }) => reported.push(title));
    expect(rows.map(({ phase, gflops, roofline }) => [phase, gflops, roofline])).toEqual([
      ["forward", null, null],
      ["vjp", null, null],
    ]);
    expect(rows.map(({ ms }) => ms.min > 0)).toEqual([true, false]); // the vjp returns its cotangent and dispatches nothing
    expect(rows.map(({ unfused }) => unfused !== null)).toEqual([true, true]);
    expect(engine.memory().live).toBe(live);
  });
});

onGpu("the device's clock", () => {
  it("has a time for each part that dispatches something, and none for the others", async () => {
    const { kernels: k, ...engine } = await engineOnGpu();
    const { cut, read } = stopwatchOf({ kernels: k, ...engine });
    const work = (): void => k.region("run", () => void k.exp(k.zeros([100_000])));
    work(); // before the first cut, so it belongs to no part
    cut();
    work();
    cut();
    cut();
    work();
    const { parts, whole } = await read();
    expect(parts.map((ms) => ms > 0)).toEqual([true, false, true]);
    expect(whole).toBeGreaterThanOrEqual(parts.reduce((sum, ms) => sum + ms, 0));
    expect(await read()).toEqual({ parts: [], whole: 0 });
  });

  it("counts more passes than a set of queries holds", async () => {
    const { kernels: k, ...engine } = await engineOnGpu();
    const { cut, read } = stopwatchOf({ kernels: k, ...engine });
    k.region("run", () => {
      for (let i = 0; i < 2100; i++) {
        cut();
        k.zeros([4]);
      }
    });
    const { parts } = await read();
    expect(parts).toHaveLength(2100);
    expect(parts.filter((ms) => ms > 0).length).toBeGreaterThan(2000);
  });

  it("gives a profile with all multiply–adds, whose times and waits add up to the whole", async () => {
    const engine = await engineOnGpu();
    const before = performance.now();
    const root = await profiledAsynchronous(engine, program, 2, 1);
    const elapsed = performance.now() - before;
    const { macs } = engine.counters();
    program.work(engine.kernels, 2).run();
    expect(costOf(root).macs).toBe(engine.counters().macs - macs);
    expect(nodesOf(root).every((node) => ownCost(node).ms >= 0)).toBe(true);
    expect(costOf(root).ms - ownCost(root).ms).toBeGreaterThan(0);
    expect(costOf(root).ms).toBeLessThan(elapsed);
    const named = nodesOf(root).find(({ name }) => name === "fc1");
    expect([costOf(named ?? root, "forward").ms, costOf(named ?? root, "vjp").ms].every((ms) => ms > 0)).toBe(true);
  });
});
