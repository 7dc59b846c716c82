import { describe, expect, it } from "vitest";
import { wallTime } from "../../src/bench/clock.ts";
import { opBench, type OpBench } from "../../src/bench/opBench.ts";
import { benchOp } from "../../src/bench/ops.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { linear } from "../../src/ops/linear.ts";
import { wasmEngine } from "../../src/wasm.ts";

const quick = { repetitions: 1, clock: wallTime, meters: null };

const tinyLinear: OpBench = opBench(linear, [3], (k, B) => ({
  title: "3×4 → 5",
  inputs: { x: k.zeros([B, 4]), params: { weight: k.zeros([5, 4]), bias: k.zeros([5]) } },
  attrs: undefined,
}));

/** A bench of gelu, and whether its runs saw a fused kernel. */
function watchedGelu(): { readonly bench: OpBench; readonly fused: () => ReadonlySet<boolean> } {
  const seen = new Set<boolean>();
  const bench: OpBench = {
    name: "gelu",
    cases: (k) => {
      const x = k.zeros([4]);
      const run = (): void => {
        seen.add(k.scope.fused.get(gelu) !== undefined);
        k.region("run", () => {
          gelu.forward(k, { x });
        });
      };
      return [{ title: "4", phase: "forward", bytes: 32, work: { run } }];
    },
  };
  return { bench, fused: () => seen };
}

const rowsOf = (engine: Engine, bench: OpBench): ReturnType<typeof benchOp> => benchOp(engine, bench, quick, () => undefined);

describe("bench op", () => {
  it("times forward and vjp, and gives the rate of ops with matrix multiplications", () => {
    const rows = rowsOf(referenceEngine(), tinyLinear);
    expect(rows.map(({ op, title, phase }) => [op, title, phase])).toEqual([
      ["linear", "3×4 → 5", "forward"],
      ["linear", "3×4 → 5", "vjp"],
    ]);
    for (const { gflops, ms, unfused } of rows) {
      expect(gflops).toBeGreaterThan(0);
      expect(ms.median).toBeGreaterThan(0);
      expect(unfused).toBe(null); // the reference engine has no fused kernel
    }
  });

  it("times an op with a fused kernel once with the kernel and once without", async () => {
    const { bench, fused } = watchedGelu();
    const [row] = rowsOf(await wasmEngine(), bench);
    expect(row?.unfused?.gain).toBeGreaterThan(0);
    expect(fused()).toEqual(new Set([true, false]));
  });

  it("keeps no memory", async () => {
    const engine = await wasmEngine();
    rowsOf(engine, tinyLinear);
    expect(engine.memory().live).toBe(0);
  });
});
