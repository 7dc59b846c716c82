/** Kernels over the rows of a matrix, with each kind of team, and the rule that chooses the team. */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { defaultCapabilities, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { rowTeam } from "../../src/engines/webgpu/kernels/rows.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Shape } from "../../src/tensor/tensor.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { plantIn, webgpuWith } from "../helpers/webgpu.ts";

const shapes: readonly Shape[] = [[1, 1], [3, 31], [2, 32], [5, 63], [2, 64], [2, 65], [7, 197], [2, 577]]; // prettier-ignore

/** Sums, maxima, and both in one program. */
const work = (shape: Shape): ((k: Kernels) => unknown) => {
  const { data } = drawOf(keyOf(1), "f32").array(shape, { deviation: 3 });
  return (k) => {
    const x = k.upload(shape, data);
    return { sum: k.sumLast(x), most: k.maxLast(x), weights: softmax.forward(k, { z: x }, undefined).out };
  };
};

describe("the team of a row", () => {
  const hardware: DeviceCapabilities = { ...defaultCapabilities, features: new Set(["subgroups"]), subgroup: 32 };
  it.each<[string, DeviceCapabilities, number, ReturnType<typeof rowTeam>]>([
    ["uses subgroups where their size is fixed", hardware, 32, "subgroups"],
    ["is a workgroup where subgroups are larger than it", { ...hardware, subgroup: 128 }, 32, "group"],
    ["is a workgroup where their size varies", { ...hardware, subgroup: null }, 32, "group"],
    ["is a workgroup where there are none", defaultCapabilities, 32, "group"],
    ["is a thread for short rows", hardware, 31, "thread"],
    ["is a thread on a software adapter", { ...hardware, software: true }, 1000, "thread"],
  ])("%s", (_, capabilities, n, team) => {
    expect(rowTeam(capabilities, n)).toBe(team);
  });
});

onGpu("kernels over rows", () => {
  const { bound } = tolerances.parity.f32;
  const hardware = { software: false, precision: "f32" } as const;

  it.each<["adapter" | "default", string]>([
    ["adapter", "subgroupAdd"],
    ["default", "half /= 2u"],
  ])("with the features of the %s agree with the reference engine, by %s", async (limits, text) => {
    const device = await gpuDevice({ limits });
    const seen = plantIn(device, { right: text, wrong: text });
    const engine = webgpuWith(device, hardware);
    for (const shape of shapes) {
      const gap = gapOfLeaves(await evaluate(engine, work(shape)), await evaluate(referenceEngine(), work(shape)));
      expect(gap).toBeLessThanOrEqual(bound);
    }
    expect(seen()).toBe(true);
    engine.close();
  });

  it.each([
    { right: "subgroupAdd(own)", wrong: "own" },
    { right: "subgroupMax(own)", wrong: "own" },
    { right: "i = place + size;", wrong: "i = place + 2u * size;" },
    { right: "own = own + parts[i]", wrong: "own = parts[i]" },
  ])("are found wrong with $wrong in place of $right", async (error) => {
    const device = await gpuDevice();
    const planted = plantIn(device, error);
    const engine = webgpuWith(device, hardware);
    const gap = gapOfLeaves(await evaluate(engine, work([7, 197])), await evaluate(referenceEngine(), work([7, 197])));
    expect(planted()).toBe(true);
    expect(gap).toBeGreaterThan(bound);
    engine.close();
  });

  it.each([false, true])("find a maximum of NaN wherever the row has one, with the kernels for software adapters: %o", async (software) => {
    const engine = webgpuWith(await gpuDevice(), { ...hardware, software });
    for (const n of [1, 2, 40, 197]) {
      const places = [...new Set([0, 1, n >> 1, n - 1])].filter((place) => place < n);
      const rows = [...places, null, null].flatMap((place, row) =>
        Array.from({ length: n }, (_, j) => (j === place ? NaN : row === places.length ? -Infinity : -1 - j)),
      );
      const most = (k: Kernels): unknown => ({ most: k.maxLast(k.upload([places.length + 2, n], rows)) });
      expect(await evaluate(engine, most)).toEqual(await evaluate(referenceEngine(), most));
    }
    engine.close();
  });

  it("compile on a device that validates WGSL", async () => {
    const device = await nullDevice();
    const seen = plantIn(device, { right: "subgroupAdd", wrong: "subgroupAdd" });
    const engine = webgpuWith(device, { ...hardware, subgroup: 32 });
    engine.kernels.region("compile", () => {
      for (const shape of shapes) work(shape)(engine.kernels);
      return null;
    });
    await engine.finish();
    expect(seen()).toBe(true);
    engine.close();
  });
});
