import { describe, expect, it } from "vitest";
import { programRanges, rangeWatcher, type OpRange } from "../../src/bench/ranges.ts";
import { trainProgram } from "../../src/bench/train.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { deitConfig } from "../../src/model/config.ts";
import { fuse, fusedTable, observe } from "../../src/ops/observe.ts";
import { defineOp, type Op } from "../../src/ops/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { onEachEngine } from "../helpers/engines.ts";

interface X {
  readonly x: Tensor;
}

const twice = (k: Kernels, x: Tensor): Tensor => k.scale(x, 2);

const double: Op<X, null> = defineOp<X, null>({
  name: "double",
  forward: (k, { x }) => ({ out: twice(k, x), saved: null }),
  vjp: (k, _, d) => ({ x: twice(k, d) }),
});

/** An op without a name of its own: its parts show all of its tensors. */
const layers: Op<X, null> = defineOp<X, null>({
  name: "layers",
  inline: true,
  forward: (k, { x }) => {
    const first = double.forward(k.at("layers.0"), { x }).out;
    return { out: double.forward(k.at("layers.1"), { x: first }).out, saved: null };
  },
  vjp: (k, saved, d) => double.vjp(k.at("layers.0"), saved, double.vjp(k.at("layers.1"), saved, d).x),
});

async function rangesOn(engine: Engine, program: (k: Kernels) => unknown, on: Kernels = engine.kernels): Promise<readonly OpRange[]> {
  const { visitor, ranges } = rangeWatcher(engine);
  const k = observe(on, visitor);
  k.region(
    "program",
    () => program(k),
    () => null,
  );
  return ranges();
}

/** After doubling: two are 0, two are flushed by f16, two are subnormal, four are normal, two are too large, and two are not finite. */
const NUMBERS = [0, -0, 2 ** -26, -(2 ** -40), 2 ** -25, -(2 ** -16), 2 ** -15, 1, -32_752, 32_752, 32_753, -(2 ** 100), Infinity, NaN];

onEachEngine(({ made }) => {
  it("counts the numbers beyond each bound of f16", async () => {
    const { engine } = await made;
    const [range] = await rangesOn(engine, (k) => double.forward(k, { x: k.upload([2, 7], NUMBERS) }));
    const [flushed, subnormal, beyond] = [2 / 14, 2 / 14, 4 / 14];
    expect(range).toEqual({
      path: "double",
      places: 1,
      output: { numbers: 14, largest: 2 ** 101, flushed, subnormal, beyond },
      cotangent: null,
    });
  });

  it("gives the largest magnitude of outputs and of incoming cotangents, also of scalars", async () => {
    const { engine } = await made;
    const ranges = await rangesOn(engine, (k) => {
      const { saved } = double.forward(k, { x: k.upload([3], [1, -4, 2]) });
      double.vjp(k, saved, k.upload([], [-3]));
    });
    expect(ranges).toMatchObject([{ path: "double", output: { numbers: 3, largest: 8 }, cotangent: { numbers: 1, largest: 3 } }]);
  });

  it("makes one row of repeated parts, and none of an op that only has parts", async () => {
    const { engine } = await made;
    const ranges = await rangesOn(engine, (k) => {
      const { out, saved } = layers.forward(k, { x: k.upload([2], [1, 2 ** -26]) });
      layers.vjp(k, saved, out);
    });
    const output = { numbers: 4, largest: 4, flushed: 1 / 4, subnormal: 1 / 4, beyond: 0 }; // 2⁻²⁵ and 2⁻²⁴
    const cotangent = { numbers: 4, largest: 8, flushed: 0, subnormal: 1 / 2, beyond: 0 }; //   2⁻²⁴ and 2⁻²³
    expect(ranges).toEqual([{ path: "layers.*", places: 2, output, cotangent }]);
  });

  it("records a kernel that runs its op's definition once, not twice", async () => {
    const { engine } = await made;
    const again: typeof double = { ...double, vjp: (k, saved, d) => double.vjp(k.within({ fused: engine.kernels.scope.fused }), saved, d) };
    const on = engine.kernels.within({ fused: fusedTable(fuse(double, again)) });
    const ranges = await rangesOn(engine, (k) => double.vjp(k.at("x"), null, k.upload([1], [1])), on);
    expect(ranges.map(({ path }) => path)).toEqual(["x"]);
  });

  it("keeps no tensor alive", async () => {
    const { engine } = await made;
    const { live } = engine.memory();
    await rangesOn(engine, (k) => double.forward(k, { x: k.zeros([2]) }));
    expect(engine.memory().live).toBe(live);
  });
});

describe("the ranges of a training step of DeiT", () => {
  it("have a row for each op, and the cotangent of the loss", async () => {
    const engine = await wasmEngine();
    const ranges = await programRanges(engine, trainProgram(deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 3 }), "normal"), 2);
    const rows = new Map(ranges.map((row) => [row.path, row]));
    expect(rows.get("blocks.*.mlp.gelu")).toMatchObject({ places: 3, output: { numbers: 3 * 2 * 6 * 768 } });
    expect(rows.get("loss")).toMatchObject({ places: 1, cotangent: { numbers: 1, largest: 1 } });
    expect([...rows.keys()].filter((path) => path.startsWith("blocks.*.attn"))).toContain("blocks.*.attn/attention");
    expect(ranges.every(({ output, cotangent }) => output !== null && cotangent !== null)).toBe(true);
  });

  it("are the same in low memory", async () => {
    const config = deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 2 });
    const [normal, low] = [
      await programRanges(await wasmEngine(), trainProgram(config, "normal"), 1),
      await programRanges(await wasmEngine(), trainProgram(config, "low"), 1),
    ];
    expect(low).toEqual(normal);
  });
});
