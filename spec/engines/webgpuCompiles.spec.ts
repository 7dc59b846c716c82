/** The programs that the laws run, on a device that validates them and computes nothing: the kernels of hardware, in f32 and f16. */
import { expect, it } from "vitest";
import { runRow } from "../../src/check/laws/row.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { allRows } from "../../src/laws/rows.ts";
import { size } from "../../src/tensor/tensor.ts";
import { nullDevice, onGpu } from "../helpers/gpu.ts";
import { webgpuWith, type KernelChoice } from "../helpers/webgpu.ts";

const onHardware: readonly KernelChoice[] = [
  { software: false, precision: "f32", subgroup: 32 },
  { software: false, precision: "f16", subgroup: 32 },
];

onGpu("the programs of the laws", () => {
  it.each(onHardware)("compile for hardware in $precision", async (choice) => {
    const device = await nullDevice();
    const engine = webgpuWith(device, choice);
    const read: Engine["read"] = ({ shape }) => Promise.resolve(new Float32Array(size(shape)));
    const engines = { engine: { ...engine, read }, reference: referenceEngine() };
    for (const row of allRows) if (row.host !== true) await runRow(row, engines, { cases: 1, seed: 3 });
    await expect(engine.finish()).resolves.toBeUndefined(); // it rejects with the first error of the device
    expect(engine.sent().dispatches).toBeGreaterThan(1000);
    engine.close();
  });

  it("would report an error", async () => {
    const device = await nullDevice();
    const compile = device.createShaderModule.bind(device);
    device.createShaderModule = ({ code, ...rest }) => compile({ ...rest, code: code.replace("fn main", "fn other") });
    const engine = webgpuWith(device, { software: false, precision: "f32" });
    const zeros = async (): Promise<void> => {
      engine.kernels.region("compile", () => {
        engine.kernels.zeros([3]);
        return null;
      });
      await engine.finish();
    };
    await expect(zeros()).rejects.toThrow(/main/);
    engine.close();
  });
});
