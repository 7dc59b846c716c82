/** exp, log, Φ and GELU in WGSL: within the bounds of the WASM engine's, though without its compensation, which a compiler may remove. */
import { describe, expect, it } from "vitest";
import { normalCdf } from "../../src/engines/reference/normal.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { gelu } from "../../src/ops/gelu.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { points, worstError, worstUlps } from "../helpers/f32Sweep.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { plantIn, type WgslError } from "../helpers/webgpu.ts";

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

function geluSlope(k: Kernels, x: Tensor): Tensor {
  const { saved } = gelu.forward(k, { x });
  return gelu.vjp(k, saved, k.addScalar(k.scale(x, 0), 1)).x;
}

interface Sweep {
  readonly name: string;
  readonly of: (k: Kernels, x: Tensor) => Tensor;
  readonly truth: (x: number) => number;
  /** The largest error, in the unit that `error` has. */
  readonly bound: number;
  readonly error: (actual: Float32Array, expected: readonly number[]) => number;
  /** Each pair of consecutive ends is a range. There are no subnormal results, which a device may flush. */
  readonly ends: readonly number[];
}

/** The bounds of wasmMath.spec.ts, where their reasons are; in ulp, but for the slope. Found here: 0.92, 0.77, 3.12, 2.74 and 9.6e-8. */
const sweeps: readonly Sweep[] = [
  { name: "exp", of: (k, x) => k.exp(x), truth: Math.exp, bound: 1, error: worstUlps, ends: [-87.3, -1, 0, 1, 88.72] },
  { name: "log", of: (k, x) => k.log(x), truth: Math.log, bound: 1, error: worstUlps, ends: [1.2e-38, 0.5, 1, 2, 3.4e38] },
  { name: "Φ", of: (k, x) => k.normalCdf(x), truth: normalCdf, bound: 4, error: worstUlps, ends: [-12.9, -5.5, -1, 0, 1, 10] },
  {
    name: "GELU",
    of: (k, x) => gelu.forward(k, { x }).out,
    truth: (x) => x * normalCdf(x),
    bound: 4,
    error: worstUlps,
    ends: [-12.9, -5.5, -1, -1e-37],
  },
  {
    name: "the slope of GELU",
    of: geluSlope,
    truth: (x) => normalCdf(x) + x * density(x),
    bound: 2e-7,
    error: (actual, expected) => worstError(actual, expected, () => 1),
    ends: [-20, 0, 20],
  },
];

/** Functions with a larger error than their bound. */
async function inexact(device: GPUDevice): Promise<readonly string[]> {
  const engine = webgpuEngine({ device });
  const found: string[] = [];
  for (const { name, of, truth, bound, error, ends } of sweeps) {
    for (const [i, to] of ends.slice(1).entries()) {
      const x = points(ends[i] ?? NaN, to);
      const actual = await engine.read(engine.kernels.region("sweep", () => of(engine.kernels, engine.kernels.upload([x.length], x))));
      const worst = error(Float32Array.from(actual), Array.from(x, truth));
      if (!(worst <= bound)) found.push(`${name} from ${ends[i]} to ${to}: ${worst.toPrecision(3)}`);
    }
  }
  engine.close();
  return found;
}

/** What algebra could make of the formulas if it could see through their splits; and the device's own function. */
const errors: readonly (readonly [what: string, error: WgslError, function_: string])[] = [
  ["the split of a undone", { right: "bitcast<f32>(bitcast<u32>(a) & 0xfffff000u)", wrong: "a" }, "GELU"],
  [
    "the parts of ln 2 joined",
    {
      right: "fma(n, -0.693145751953125, head) + fma(n, -1.42860677e-6, rest)",
      wrong: "head + rest - n * 0.6931472",
    },
    "exp",
  ],
  [
    "the device's own exp",
    { right: "fn exp_of(x: f32) -> f32 {", wrong: "fn exp_of(x: f32) -> f32 {\n  if (x < 1e9) { return exp(x); }" },
    "exp",
  ],
];

onGpu("in WGSL", () => {
  it("exp, log, Φ, GELU and its slope are within their bounds", async () => {
    expect(await inexact(await gpuDevice({ limits: "default" }))).toEqual([]);
  });

  describe("an error is noticed:", () => {
    it.each(errors)("%s", async (_, error, name) => {
      const device = await gpuDevice({ limits: "default" });
      const planted = plantIn(device, error);
      const found = await inexact(device);
      expect(planted()).toBe(true);
      expect(found.map((one) => one.split(" from")[0])).toContain(name);
    });
  });
});
