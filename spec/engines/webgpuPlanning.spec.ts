import { describe, expect, it } from "vitest";
import { trainProgram } from "../../src/bench/train.ts";
import { countedLoops } from "../../src/engines/abstract/arithmetic.ts";
import { webgpuEngine, type MachineEngine } from "../../src/engines/webgpu/engine.ts";
import { defaultCapabilities, capabilitiesOf, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { planningEngine } from "../../src/engines/webgpu/planning.ts";
import type { Dispatch } from "../../src/engines/webgpu/program.ts";
import { adapterNamed } from "../../src/bench/adapters.ts";
import { slabLayout, USUAL_SLAB } from "../../src/engines/webgpu/device/slabs.ts";
import { deitConfig } from "../../src/model/config.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";

interface Noted {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly macs: number;
}

function planned(capabilities: DeviceCapabilities): {
  readonly engine: MachineEngine;
  readonly noted: Noted[];
  readonly flop: () => number;
} {
  const noted: Noted[] = [];
  let flop = 0;
  const afterKernel = countedLoops((some) => {
    flop += some;
  });
  const onDispatch = ({ program, macs = 0 }: Dispatch, bytes: readonly number[]): unknown =>
    noted.push({ name: program.name, bytes, macs });
  return {
    engine: planningEngine({ capabilities, precision: "f32", afterKernel, onDispatch }),
    noted,
    flop: () => flop,
  };
}

const config = deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 2 });

describe("the webgpu engine without a device", () => {
  it("notes the dispatch of a matrix multiplication", () => {
    const { engine, noted, flop } = planned(defaultCapabilities);
    const k = engine.kernels;
    k.matmul(k.zeros([16, 32]), k.zeros([32, 64]));
    engine.settle();
    const macs = 16 * 32 * 64;
    expect(noted.at(-1)).toEqual({ name: "matmul", bytes: [4 * 16 * 64, 4 * 16 * 32, 4 * 32 * 64], macs });
    expect(engine.counters()).toMatchObject({ kernels: 3, macs });
    expect(flop()).toBe(2 * 16 * 32 * 64);
  });

  it("has every multiply–add of a training step in a dispatch", () => {
    const { engine, noted } = planned(defaultCapabilities);
    trainProgram(config, "normal").work(engine.kernels, 2).run();
    engine.settle();
    expect(noted.reduce((sum, { macs }) => sum + macs, 0)).toBe(engine.counters().macs);
  });

  it("has buffers of 1 GiB, and as long as a device can bind where it is asked for", () => {
    const span = (longest: number): number => slabLayout(adapterNamed("h100").reported.capabilities, longest).span;
    expect([span(USUAL_SLAB), span(Infinity)]).toEqual([2 ** 30, 2 ** 31 - 256]);
  });

  it("computes no numbers", async () => {
    const { engine } = planned(defaultCapabilities);
    await expect(engine.read(engine.kernels.zeros([2]))).rejects.toThrow("a plan has shapes and no numbers");
  });

  it("holds as much memory as it plans", () => {
    const { engine } = planned(defaultCapabilities);
    const bytes = engine.plan(null, (k) => trainProgram(config, "normal").work(k, 2).run());
    trainProgram(config, "normal").work(engine.kernels, 2).run();
    expect(engine.memory().reserved).toBe(bytes);
  });
});

onGpu("a plan and its device", () => {
  it("make the same dispatches in a training step, and the second step the same as the first", async () => {
    const device = await gpuDevice();
    const real = webgpuEngine({ device, slab: 2 ** 26 });
    const { engine, noted } = planned(capabilitiesOf(device));
    const steps = [real, engine].map(({ kernels }) => trainProgram(config, "normal").work(kernels, 2));
    engine.settle();
    await real.finish();
    const { dispatches } = real.sent();
    noted.length = 0;
    for (const { run } of steps) run();
    engine.settle();
    const once = noted.length;
    await real.finish();
    for (const { run } of steps) run();
    engine.settle();
    await real.finish();
    expect([noted.length, real.sent().dispatches - dispatches]).toEqual([2 * once, 2 * once]);
    real.close();
  });
});
