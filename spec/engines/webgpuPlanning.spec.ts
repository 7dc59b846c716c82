import { describe, expect, it } from "vitest";
import { trainProgram } from "../../src/bench/train.ts";
import { countedLoops } from "../../src/engines/abstract/arithmetic.ts";
import { webgpuEngine } from "../../src/engines/webgpu/engine.ts";
import { defaultCapabilities, capabilitiesOf, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { planningEngine } from "../../src/engines/webgpu/planning.ts";
import type { Launch } from "../../src/engines/webgpu/program.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { deitConfig } from "../../src/model/config.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";

interface Told {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly macs: number;
}

function planned(facts: DeviceCapabilities): { readonly engine: Engine; readonly told: Told[]; readonly flop: () => number } {
  const told: Told[] = [];
  let flop = 0;
  const beside = countedLoops((some) => {
    flop += some;
  });
  const launched = ({ program, macs = 0 }: Launch, bytes: readonly number[]): unknown => told.push({ name: program.name, bytes, macs });
  return { engine: planningEngine({ facts, precision: "f32", beside, launched }), told, flop: () => flop };
}

const config = deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 2 });

describe("the webgpu engine without a device", () => {
  it("tells what a product would be", () => {
    const { engine, told, flop } = planned(defaultCapabilities);
    const k = engine.kernels;
    k.matmul(k.zeros([16, 32]), k.zeros([32, 64]));
    const macs = 16 * 32 * 64;
    expect(told.at(-1)).toEqual({ name: "matmul", bytes: [4 * 16 * 64, 4 * 16 * 32, 4 * 32 * 64], macs });
    expect(engine.counters()).toMatchObject({ kernels: 3, macs });
    expect(flop()).toBe(2 * 16 * 32 * 64);
  });

  it("has every product of a training step in some launch", () => {
    const { engine, told } = planned(defaultCapabilities);
    trainProgram(config, "normal").work(engine.kernels, 2).run();
    expect(told.reduce((sum, { macs }) => sum + macs, 0)).toBe(engine.counters().macs);
  });

  it("has no numbers", async () => {
    const { engine } = planned(defaultCapabilities);
    await expect(engine.read(engine.kernels.zeros([2]))).rejects.toThrow("a plan has shapes and no numbers");
  });

  it("holds what it plans", () => {
    const { engine } = planned(defaultCapabilities);
    const bytes = engine.plan(null, (k) => trainProgram(config, "normal").work(k, 2).run());
    trainProgram(config, "normal").work(engine.kernels, 2).run();
    expect(engine.memory().reserved).toBe(bytes);
  });
});

onGpu("a plan and its device", () => {
  it("make the same launches in a training step, the second like the first", async () => {
    const device = await gpuDevice();
    const real = webgpuEngine({ device, slab: 2 ** 26 });
    const { engine, told } = planned(capabilitiesOf(device));
    const steps = [real, engine].map(({ kernels }) => trainProgram(config, "normal").work(kernels, 2));
    await real.finish();
    const { dispatches: launches } = real.sent();
    told.length = 0;
    for (const { run } of steps) run();
    const once = told.length;
    for (const { run } of steps) run();
    await real.finish();
    expect([told.length, real.sent().dispatches - launches]).toEqual([2 * once, 2 * once]);
    real.close();
  });
});
