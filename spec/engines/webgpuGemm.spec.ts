/**
 * Matrix multiplication on the WebGPU engine: the plans for devices of all kinds; every program compiles; and those that can run here are compared
 * with plain sums.
 */
import { describe, expect, it } from "vitest";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { machineOn } from "../../src/engines/webgpu/device/device.ts";
import { defaultCapabilities, capabilitiesOf, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { gemmFormat, type GemmShape, type GemmStorage } from "../../src/engines/webgpu/kernels/gemm/format.ts";
import { gemmPlan, planOf, type GemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";
import { kernelVariants, type KernelVariant } from "../../src/engines/webgpu/kernels/gemm/variants.ts";
import type { Program } from "../../src/engines/webgpu/program.ts";
import { SCRATCH_BYTES } from "../../src/engines/webgpu/run.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { runnerOn, type Call, type Runner } from "../helpers/gemm.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { withoutMatrices } from "../helpers/subgroupMatrix.ts";

const LONG = process.env["DEIT_LONG"] === "1";
/** ms */
const UNHURRIED = 3_000_000;

const units = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];
const [WHOLE, NARROW] = [
  { m: 16, n: 16, k: 16 },
  { m: 8, n: 16, k: 8 },
];

/** Devices of all kinds. */
const devices = {
  hardware: defaultCapabilities,
  "hardware with matrix units": { ...defaultCapabilities, features: new Set(units), subgroup: 32, matrices: [WHOLE] },
  "hardware with small matrix units": { ...defaultCapabilities, features: new Set(units), subgroup: 32, matrices: [NARROW] },
  "hardware with matrix units and more memory": {
    ...defaultCapabilities,
    limits: { ...defaultCapabilities.limits, maxComputeWorkgroupStorageSize: 3 * 2 ** 14 },
    features: new Set(units),
    subgroup: 32,
    matrices: [WHOLE],
  },
  "a processor": { ...defaultCapabilities, software: true },
  "a processor with subgroups": { ...defaultCapabilities, features: new Set(["subgroups"]), subgroup: 4, software: true },
} as const satisfies Readonly<Record<string, DeviceCapabilities>>;

const f32: GemmStorage = { a: "f32", b: "f32", c: "f32", bias: null, factors: "f32" };
const f16: GemmStorage = { a: "f16", b: "f16", c: "f16", bias: "f32", factors: "f16" };

/** x Wᵀ with m rows, as in a linear layer. */
const linear = (m: number, n: number, k: number): GemmShape => ({ batch: 1, m, n, k, ta: false, tb: true, shared: true });
/** ȳᵀ x, as in the gradient of its weight. */
const gradient = (m: number, n: number, k: number): GemmShape => ({ ...linear(m, n, k), ta: true, tb: false });

const lengths = [1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 32, 33, 47, 64, 65] as const;
const longer = [96, 127, 129, 197, 198, 257, 577, 578, 768] as const;

/** Small sizes leave every remainder of a tile and of a quad; long ones have whole tiles and splits. */
function drawnCall(draw: Draw, most: number): Call {
  const flag = (): boolean => draw.oneOf([true, false]);
  const storage = (): "f32" | "f16" => draw.oneOf(["f32", "f16"]);
  const length = (): number => (draw.integer(0, 2) === 0 ? draw.oneOf(longer) : draw.oneOf(lengths));
  const product = { batch: draw.oneOf([1, 1, 2, 3]), m: length(), n: length(), k: draw.oneOf([0, length(), length(), length(), length()]) };
  if (product.batch * product.m * product.n * product.k > most) return drawnCall(draw, most);
  const stored = { a: storage(), b: storage(), c: product.n % 2 === 0 ? storage() : "f32", factors: storage() } as const;
  const bias = draw.oneOf([null, storage()]);
  const seed = draw.integer(0, 2 ** 20);
  const ta = flag();
  return {
    product: { ...product, ta, tb: flag(), shared: flag() },
    stored: { ...stored, bias, rowSums: ta && product.batch === 1 },
    scale: draw.oneOf([1, 0.125, -3]),
    seed,
  };
}

const planOfCall = ({ product, stored, scale }: Call, capabilities: DeviceCapabilities): GemmPlan =>
  gemmPlan(product, stored, scale, capabilities);

describe("a GEMM plan", () => {
  const summary = (product: GemmShape, stored: GemmStorage, capabilities: DeviceCapabilities): string => {
    const { variant, rows, columns, splits } = gemmPlan(product, stored, 1, capabilities);
    return `${variant} ${rows}×${columns}${splits === 1 ? "" : `, ${splits} splits`}`;
  };

  it.each([
    ["a layer of DeiT-B, batch 64", linear(64 * 197, 3072, 768), "tiled 128×128", "matrix 128×128", "registers 16×32"],
    ["the gradient of its weight", gradient(768, 768, 64 * 197), "tiled 128×128, 11 splits", "matrix 128×128, 7 splits", "registers 16×32"],
    ["a layer of DeiT-Ti, one image", linear(197, 576, 192), "tiled 32×32", "matrix 32×32", "registers 16×32"],
    ["the head of DeiT-Ti, one image", linear(1, 1000, 192), "tiled 32×32", "matrix 32×32", "registers 4×4"],
    ["few numbers of long sums", gradient(16, 16, 4096), "tiled 32×32, 16 splits", "matrix 32×32, 16 splits", "registers 16×32, 16 splits"],
  ])("for %s suits the device", (_, product, hardware, matrix, software) => {
    expect(summary(product, f32, devices.hardware)).toBe(hardware);
    expect(summary(product, f16, devices["hardware with matrix units"])).toBe(matrix);
    expect(summary(product, f32, devices["a processor with subgroups"])).toBe(software);
  });

  it("uses matrix units for factors of f16 only, and only where the device has all that they need", () => {
    const product = linear(256, 256, 256);
    const having = devices["hardware with matrix units"];
    expect(gemmPlan(product, { ...f16, factors: "f32" }, 1, having).variant).toBe("tiled");
    expect(gemmPlan(product, f16, 1, { ...having, subgroup: null }).variant).toBe("tiled");
    expect(gemmPlan(product, f16, 1, { ...having, matrices: [] }).variant).toBe("tiled");
    for (const name of units) {
      const features = new Set(units.filter((other) => other !== name));
      expect(gemmPlan(product, f16, 1, { ...having, features }).variant).toBe("tiled");
    }
  });

  it.each(Object.entries(devices))("for %s respects its limits at all sizes", (_, capabilities) => {
    const draw = drawOf(keyOf(5));
    for (let i = 0; i < 300; i++) {
      const call = drawnCall(draw, Infinity);
      const { batch, m, n, k } = call.product;
      const plan = planOfCall(call, capabilities);
      expect(plan.threads).toBeLessThanOrEqual(capabilities.limits.maxComputeInvocationsPerWorkgroup);
      expect(plan.bytes).toBeLessThanOrEqual(capabilities.limits.maxComputeWorkgroupStorageSize);
      for (const { groups } of [plan.gemm, ...(plan.reduction === null ? [] : [plan.reduction])])
        expect(Math.max(...groups)).toBeLessThanOrEqual(65_535);
      const [count = 0] = plan.gemm.params;
      expect(count * plan.rows * plan.columns).toBeGreaterThanOrEqual(plan.splits * batch * m * n);
      const split = plan.splits > 1;
      const sums = call.stored.rowSums === true ? m : 0;
      expect(split ? plan.splits * (batch * m * n + sums) * 4 : 0).toBeLessThanOrEqual(SCRATCH_BYTES);
      expect(split ? k / plan.splits : Infinity).toBeGreaterThan(200);
      expect(plan.gemm.macs).toBe(batch * m * n * k);
    }
  });

  it("refuses the sums of A's rows of a batch, or of rows as they are stored", () => {
    const message = "matmul: the rows of A are added up for one matrix that is stored transposed";
    const stored = { ...f32, rowSums: true };
    expect(() => gemmPlan({ ...gradient(4, 4, 4), batch: 2 }, stored, 1, defaultCapabilities)).toThrow(message);
    expect(() => gemmPlan(linear(4, 4, 4), stored, 1, defaultCapabilities)).toThrow(message);
  });

  it("refuses rows of f16 of odd length", () => {
    expect(() => gemmPlan(linear(4, 3, 2), f16, 1, defaultCapabilities)).toThrow("matmul: rows of f16 must have an even length, got 3");
  });
});

interface NamedVariant {
  readonly name: string;
  readonly capabilities: DeviceCapabilities;
  readonly variant: KernelVariant;
}

/** The kernel variants that the devices have for a call, as if it were large. */
const everyVariant = ({ product, stored }: Call): readonly NamedVariant[] =>
  Object.values(devices).flatMap((capabilities) =>
    kernelVariants({ ...product, m: 2 ** 11, n: 2 ** 11, k: 2 ** 11 }, stored, capabilities).map((variant) => ({
      name: `${variant.variant} ${variant.rows}×${variant.columns}`,
      capabilities,
      variant,
    })),
  );

/** Edge cases of tiles, steps, quads, words and workgroups of a dimension, and random calls. */
const sweep: readonly Call[] = (() => {
  const draw = drawOf(keyOf(6));
  const plain = { stored: f32, scale: 1, seed: 1 };
  const many = [linear(65_600, 3, 5), { ...linear(1, 2, 3), batch: 65_600, shared: false }];
  const long = [gradient(7, 9, 65_600), gradient(64, 96, 12_608), gradient(18, 12, 4096)]; // in several splits
  const calls = [
    ...many.map((product) => ({ ...plain, product })),
    ...long.map((product) => ({ ...plain, product, stored: { ...f32, rowSums: true } })),
  ];
  return [...calls, ...Array.from({ length: 500 }, () => drawnCall(draw, 2 ** 22))];
})();

onGpu("the capabilities of a device", () => {
  it("include no matrix units that were not tried, and the size of subgroups, or the sizes that a program may state", async () => {
    const device = await gpuDevice();
    expect(capabilitiesOf(device)).toMatchObject({ subgroup: 4, matrices: [], software: true });
    const adapterInfo = { subgroupMinSize: 32, subgroupMaxSize: 64 };
    const other = new Proxy(device, { get: (own, name) => (name === "adapterInfo" ? adapterInfo : Reflect.get(own, name, own)) });
    expect(capabilitiesOf(other)).toMatchObject({ subgroup: null, statedSizes: { least: 32, most: 64 } });
  });
});

onGpu("the programs of GEMM", () => {
  it("compile for all devices and formats", { timeout: UNHURRIED }, async () => {
    const device = await nullDevice();
    const programs = new Map<Program, boolean>();
    for (const call of LONG ? sweep : sweep.slice(0, 20)) {
      for (const { variant } of everyVariant(call)) {
        // the null device has subgroups of up to 128 threads, and default workgroup memory
        const suits =
          variant.variant !== "matrix" ||
          (variant.threads % 128 === 0 && variant.bytes <= defaultCapabilities.limits.maxComputeWorkgroupStorageSize);
        programs.set(variant.program(gemmFormat(call.product, call.stored)), suits);
      }
      const { reduction: sums } = planOfCall({ ...call, product: gradient(16, 16, 4096) }, defaultCapabilities);
      if (sums !== null) programs.set(sums.program, true);
    }
    device.pushErrorScope("validation");
    for (const [{ wgsl }, suits] of programs) {
      const module = device.createShaderModule({ code: wgsl });
      const { messages } = await module.getCompilationInfo();
      expect(messages.map(({ message, lineNum }) => `${message}: ${wgsl.split("\n")[lineNum - 1]}`)).toEqual([]);
      if (suits) device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
    }
    expect(await device.popErrorScope()).toBe(null);
    expect(programs.size).toBeGreaterThan(LONG ? 1000 : 100);
  });
});

/** Bound of the error in units of rounding. The error of k roundings grows as √k and is measured against Σ|ab|, so a few units are much. */
const MOST = 8;

const withText = (plan: GemmPlan, wgsl: string): GemmPlan => {
  const made: Program = { ...plan.gemm.program, wgsl, shared: () => made };
  return { ...plan, gemm: { ...plan.gemm, program: made } };
};

function nth<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new RangeError(`no ${i} of ${list.length}`);
  return found;
}

/** A plan with a given variant, and without split-K. */
const planWith = ({ product, stored, scale }: Call, variant: KernelVariant): GemmPlan =>
  planOf(product, stored, scale, { variant, tiling: { rows: variant.rows, columns: variant.columns, length: Math.max(1, product.k) } });

onGpu("a GEMM", () => {
  const made = gpuDevice().then((device) => runnerOn(machineOn(device, 2 ** 26)));

  it("of any sizes and format is the sum of products, and writes nothing else", { timeout: UNHURRIED }, async () => {
    const [run, wrong]: [Runner, unknown[]] = [await made, []];
    for (const call of LONG ? sweep : sweep.slice(0, 20)) {
      const error = await run(planOfCall(call, devices["a processor with subgroups"]), call);
      if (!(error < MOST)) wrong.push({ error, call });
    }
    expect(wrong).toEqual([]);
  });

  /** The same plan with matrix units emulated. */
  const emulated = (plan: GemmPlan, { matrices: [shape] }: DeviceCapabilities): GemmPlan =>
    plan.variant !== "matrix" || shape === undefined ? plan : withText(plan, withoutMatrices(plan.gemm.program.wgsl, shape));

  /** The variants that need no more than default workgroup memory: the emulation stores f16 as f32, and SwiftShader has twice the default. */
  const variantsFor = (call: Call): readonly NamedVariant[] =>
    everyVariant({ ...call, stored: { ...call.stored, factors: "f16" } }).filter(({ variant }) => variant.bytes <= 2 ** 14);
  const names = [...new Set(variantsFor({ product: linear(1, 1, 1), stored: f32, scale: 1, seed: 0 }).map(({ name }) => name))];
  /** The variants that take SwiftShader longest to compile. */
  const slow = new Set(names.filter((name) => name.startsWith("matrix") && name !== "matrix 16×32"));

  it.each(names.filter((name) => LONG || !slow.has(name)))("by %s is the same sum", { timeout: UNHURRIED }, async (name) => {
    const [run, wrong]: [Runner, unknown[]] = [await made, []];
    const draw = drawOf(keyOf(7));
    for (let i = 0; i < (LONG ? 12 : 1); i++) {
      const drawn = drawnCall(draw, LONG ? 2 ** 21 : 2 ** 16);
      const factors = name.startsWith("matrix") ? "f16" : drawn.stored.factors; // matrix units have no other
      const one = { ...drawn.product, batch: 1, ta: true };
      const call: Call = LONG
        ? { ...drawn, stored: { ...drawn.stored, factors } }
        : { ...drawn, product: one, stored: { ...drawn.stored, factors, rowSums: true } };
      const variants = variantsFor(call).filter((one) => one.name === name);
      const { capabilities, variant } = nth(variants, draw.integer(0, variants.length - 1));
      const error = await run(emulated(planWith(call, variant), capabilities), call);
      if (!(error < MOST)) wrong.push({ error, call });
    }
    expect(wrong).toEqual([]);
  });

  const sums: Call = {
    product: { ...gradient(37, 35, 39), ta: true },
    stored: { ...f32, factors: "f16", rowSums: true },
    scale: 1,
    seed: 4,
  };
  const split: Call = { ...sums, product: gradient(10, 12, 600) };

  type Planted = readonly [name: string, what: string, right: string, wrong: string, call: Call];
  const inRowSums: readonly Planted[] = [
    ["registers 4×4", "writes row sums beyond the edge of A", "if (row + 3u < p.m)", "if (true)", sums],
    ["tiled 32×32", "adds up the numbers of B too", "if (ofA) { panel_a[block] = total; }", "panel_a[block] = total;", sums],
    ["tiled 32×32", "leaves the row sums of a split at another place", "into + p.m * p.n", "into + p.m * p.n + 4u", split],
    ["matrix 16×32", "forgets the other threads of the same rows", "total += vec4f(results", "total = vec4f(results", sums],
    ...(LONG
      ? ([
          ["registers 16×32", "omits the terms of a thread", "quadBroadcast(total0, 3u)", "vec4f()", sums],
          ["tiled 32×32", "omits a quarter of the terms", " + panel_a[lane + 24u]", "", sums],
          ["matrix 32×32", "leaves out a register", "total += vec4f(bitcast<vec4<f16>>(a0));", "", sums],
        ] as const)
      : []),
  ];

  it.each(inRowSums)("by %s is found wrong if it %s", async (name, _, right, wrong, call) => {
    const run = await made;
    const { variant, capabilities } = nth(
      everyVariant(call).filter((one) => one.name === name),
      0,
    );
    const tiling = { rows: variant.rows, columns: variant.columns, length: call === split ? 320 : call.product.k };
    const plan = planOf(call.product, call.stored, call.scale, { variant, tiling });
    const { wgsl } = plan.gemm.program;
    expect(wgsl).toContain(right);
    expect(await run(emulated(plan, capabilities), call)).toBeLessThan(MOST);
    expect(await run(emulated(withText(plan, wgsl.replaceAll(right, wrong)), capabilities), call)).not.toBeLessThan(MOST);
  });

  const edge: Call = { product: { ...linear(37, 35, 39), batch: 2 }, stored: { ...f32, factors: "f16" }, scale: 1, seed: 3 };

  it.each([
    ["tiled 32×32", "writes beyond the edges of C", "if (row >= p.m || column >= p.n) { return; }", ""],
    ["tiled 32×32", "reads on into the next line", "line < lines && at < length", "line < lines"],
    ["tiled 32×32", "omits the last terms", "let end = min(start + p.length, p.k);", "let end = min(start + p.length, p.k) - 7u;"],
    ["tiled 32×32", "uses the first matrix for all", "let matrix = part % p.batch;", "let matrix = 0u;"],
    ["matrix 32×32", "transposes B", "col_major", "row_major"],
    ["matrix 32×32", "stores the lines of a panel too close together", "/ 8u * 40u", "/ 8u * 32u"],
    ["matrix 32×32", "multiplies the panel that is filled", "full = 1u - full;", ""],
  ])("by %s is found wrong if it %s", async (name, _, right, wrong) => {
    const run = await made;
    const { variant, capabilities } = nth(
      variantsFor(edge).filter((one) => one.name === name),
      0,
    );
    const plan = planWith(edge, variant);
    const { wgsl } = plan.gemm.program;
    expect(wgsl).toContain(right);
    expect(await run(emulated(plan, capabilities), edge)).toBeLessThan(MOST);
    expect(await run(emulated(withText(plan, wgsl.replaceAll(right, wrong)), capabilities), edge)).not.toBeLessThan(MOST);
  });
});
