/**
 * Products of the WebGPU engine: how they are planned, for devices of all kinds; that every program compiles; and the numbers of those that run here,
 * against plain sums.
 */
import { describe, expect, it } from "vitest";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { machineOn } from "../../src/engines/webgpu/device.ts";
import { defaultCapabilities, capabilitiesOf, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import { formOf, type Product, type Stored } from "../../src/engines/webgpu/kernels/gemm/form.ts";
import { gemmPlan, planOf, type GemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";
import { waysOf, type Way } from "../../src/engines/webgpu/kernels/gemm/ways.ts";
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

const f32: Stored = { a: "f32", b: "f32", c: "f32", bias: null, factors: "f32" };
const f16: Stored = { a: "f16", b: "f16", c: "f16", bias: "f32", factors: "f16" };

/** x Wᵀ of so many rows, as in a linear layer. */
const linear = (m: number, n: number, k: number): Product => ({ batch: 1, m, n, k, ta: false, tb: true, shared: true });
/** ȳᵀ x, as in its weight's gradient. */
const gradient = (m: number, n: number, k: number): Product => ({ ...linear(m, n, k), ta: true, tb: false });

const lengths = [1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 32, 33, 47, 64, 65] as const;
const longer = [96, 127, 129, 197, 198, 257, 577, 578, 768] as const;

/** Small sizes meet every rest of a tile and of a quad; long ones whole tiles and splits. */
function drawnCall(draw: Draw, most: number): Call {
  const flag = (): boolean => draw.oneOf([true, false]);
  const storage = (): "f32" | "f16" => draw.oneOf(["f32", "f16"]);
  const length = (): number => (draw.integer(0, 2) === 0 ? draw.oneOf(longer) : draw.oneOf(lengths));
  const product = { batch: draw.oneOf([1, 1, 2, 3]), m: length(), n: length(), k: draw.oneOf([0, length(), length(), length(), length()]) };
  if (product.batch * product.m * product.n * product.k > most) return drawnCall(draw, most);
  const stored = { a: storage(), b: storage(), c: product.n % 2 === 0 ? storage() : "f32", factors: storage() } as const;
  const bias = draw.oneOf([null, storage()]);
  const seed = draw.integer(0, 2 ** 20);
  return {
    product: { ...product, ta: flag(), tb: flag(), shared: flag() },
    stored: { ...stored, bias },
    scale: draw.oneOf([1, 0.125, -3]),
    seed,
  };
}

const planOfCall = ({ product, stored, scale }: Call, facts: DeviceCapabilities): GemmPlan => gemmPlan(product, stored, scale, facts);

describe("a plan of a product", () => {
  const said = (product: Product, stored: Stored, facts: DeviceCapabilities): string => {
    const { variant, rows, columns, splits } = gemmPlan(product, stored, 1, facts);
    return `${variant} ${rows}×${columns}${splits === 1 ? "" : `, ${splits} splits`}`;
  };

  it.each([
    ["a layer of DeiT-B, batch 64", linear(64 * 197, 3072, 768), "tiled 128×128", "matrix 128×128", "registers 16×32"],
    ["the gradient of its weight", gradient(768, 768, 64 * 197), "tiled 128×128, 8 splits", "matrix 128×128, 8 splits", "registers 16×32"],
    ["a layer of DeiT-Ti, one image", linear(197, 576, 192), "tiled 32×32", "matrix 32×32", "registers 16×32"],
    ["the head of DeiT-Ti, one image", linear(1, 1000, 192), "tiled 32×32", "matrix 32×32", "registers 4×4"],
    ["few numbers of long sums", gradient(16, 16, 4096), "tiled 32×32, 16 splits", "matrix 32×32, 16 splits", "registers 16×32, 16 splits"],
  ])("of %s suits the device", (_, product, hardware, matrix, software) => {
    expect(said(product, f32, devices.hardware)).toBe(hardware);
    expect(said(product, f16, devices["hardware with matrix units"])).toBe(matrix);
    expect(said(product, f32, devices["a processor with subgroups"])).toBe(software);
  });

  it("takes matrix units for factors of f16 alone, and where the device has all that they need", () => {
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

  it.each(Object.entries(devices))("for %s keeps to its limits, whatever the sizes", (_, facts) => {
    const draw = drawOf(keyOf(5));
    for (let i = 0; i < 300; i++) {
      const call = drawnCall(draw, Infinity);
      const { batch, m, n, k } = call.product;
      const plan = planOfCall(call, facts);
      expect(plan.threads).toBeLessThanOrEqual(facts.limits.maxComputeInvocationsPerWorkgroup);
      expect(plan.bytes).toBeLessThanOrEqual(facts.limits.maxComputeWorkgroupStorageSize);
      for (const { groups } of [plan.product, ...(plan.sums === null ? [] : [plan.sums])])
        expect(Math.max(...groups)).toBeLessThanOrEqual(65_535);
      const [count = 0] = plan.product.params;
      expect(count * plan.rows * plan.columns).toBeGreaterThanOrEqual(plan.splits * batch * m * n);
      const split = plan.splits > 1;
      expect(split ? plan.splits * batch * m * n * 4 : 0).toBeLessThanOrEqual(SCRATCH_BYTES);
      expect(split ? k / plan.splits : Infinity).toBeGreaterThan(200);
      expect(plan.product.macs).toBe(batch * m * n * k);
    }
  });

  it("refuses rows of f16 that are of odd length", () => {
    expect(() => gemmPlan(linear(4, 3, 2), f16, 1, defaultCapabilities)).toThrow("matmul: rows of f16 have an even length, got 3");
  });
});

interface NamedWay {
  readonly name: string;
  readonly facts: DeviceCapabilities;
  readonly way: Way;
}

/** Every way of every device to do a call, were it large. */
const everyWay = ({ product, stored }: Call): readonly NamedWay[] =>
  Object.values(devices).flatMap((facts) =>
    waysOf({ ...product, m: 2 ** 11, n: 2 ** 11, k: 2 ** 11 }, stored, facts).map((way) => ({
      name: `${way.variant} ${way.rows}×${way.columns}`,
      facts,
      way,
    })),
  );

/** Edges of tiles, steps, quads, workgroups of a dimension and words, and what is drawn. */
const sweep: readonly Call[] = (() => {
  const draw = drawOf(keyOf(6));
  const plain = { stored: f32, scale: 1, seed: 1 };
  const many = [
    linear(65_600, 3, 5),
    { ...linear(1, 2, 3), batch: 65_600, shared: false },
    gradient(7, 9, 65_600),
    gradient(64, 96, 12_608),
  ];
  return [...many.map((product) => ({ ...plain, product })), ...Array.from({ length: 500 }, () => drawnCall(draw, 2 ** 22))];
})();

onGpu("the facts of a device", () => {
  it("tell its matrix units, those that sum f16 in f32, and subgroups that are always of one size", async () => {
    const device = await gpuDevice();
    expect(capabilitiesOf(device)).toMatchObject({ subgroup: 4, matrices: [], software: true });
    const told = (componentType: string, resultComponentType: string): object => ({
      componentType,
      resultComponentType,
      M: 16,
      N: 8,
      K: 4,
    });
    const adapterInfo = {
      subgroupMinSize: 32,
      subgroupMaxSize: 64,
      subgroupMatrixConfigs: [told("f16", "f16"), told("f16", "f32"), told("u8", "u32")],
    };
    const other = new Proxy(device, { get: (own, name) => (name === "adapterInfo" ? adapterInfo : Reflect.get(own, name, own)) });
    expect(capabilitiesOf(other)).toMatchObject({ subgroup: null, matrices: [{ m: 16, n: 8, k: 4 }] });
  });
});

onGpu("programs of products", () => {
  it("compile, for all devices and forms", { timeout: UNHURRIED }, async () => {
    const device = await nullDevice();
    const programs = new Map<Program, boolean>();
    for (const call of LONG ? sweep : sweep.slice(0, 20)) {
      for (const { way } of everyWay(call)) {
        // the null device has subgroups of up to 128 threads, and the memory of every device
        const suits =
          way.variant !== "matrix" || (way.threads % 128 === 0 && way.bytes <= defaultCapabilities.limits.maxComputeWorkgroupStorageSize);
        programs.set(way.program(formOf(call.product, call.stored)), suits);
      }
      const { sums } = planOfCall({ ...call, product: gradient(16, 16, 4096) }, defaultCapabilities);
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

/** Errors of k roundings grow as √k and are taken against Σ|ab|, so that a few units are much. */
const MOST = 8;

const withText = (plan: GemmPlan, wgsl: string): GemmPlan => {
  const made: Program = { ...plan.product.program, wgsl, shared: () => made };
  return { ...plan, product: { ...plan.product, program: made } };
};

function nth<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new RangeError(`no ${i} of ${list.length}`);
  return found;
}

/** The whole sum in one way. */
const inOneWay = ({ product, stored, scale }: Call, way: Way): GemmPlan =>
  planOf(product, stored, scale, { way, cut: { rows: way.rows, columns: way.columns, length: Math.max(1, product.k) } });

onGpu("a product", () => {
  const made = gpuDevice().then((device) => runnerOn(machineOn(device, 2 ** 26)));

  it("of any sizes and form is the sum of products, and nothing else is written", { timeout: UNHURRIED }, async () => {
    const [run, wrong]: [Runner, unknown[]] = [await made, []];
    for (const call of LONG ? sweep : sweep.slice(0, 20)) {
      const error = await run(planOfCall(call, devices["a processor with subgroups"]), call);
      if (!(error < MOST)) wrong.push({ error, call });
    }
    expect(wrong).toEqual([]);
  });

  /** A plan of matrix units, with plain WGSL in their place. */
  const emulated = (plan: GemmPlan, { matrices: [shape] }: DeviceCapabilities): GemmPlan =>
    plan.variant !== "matrix" || shape === undefined ? plan : withText(plan, withoutMatrices(plan.product.program.wgsl, shape));

  /** Of ways that need no more memory than every device has: f16 is held in f32 here, and SwiftShader has twice that memory. */
  const waysFor = (call: Call): readonly NamedWay[] =>
    everyWay({ ...call, stored: { ...call.stored, factors: "f16" } }).filter(({ way }) => way.bytes <= 2 ** 14);
  const names = [...new Set(waysFor({ product: linear(1, 1, 1), stored: f32, scale: 1, seed: 0 }).map(({ name }) => name))];
  /** What takes SwiftShader longest to compile. */
  const slow = new Set(["matrix 128×128", "matrix 64×64", "matrix 32×32", "matrix 64×128", "matrix 32×64"]);

  it.each(names.filter((name) => LONG || !slow.has(name)))("made by %s is the same", { timeout: UNHURRIED }, async (name) => {
    const [run, wrong]: [Runner, unknown[]] = [await made, []];
    const draw = drawOf(keyOf(7));
    for (let i = 0; i < (LONG ? 12 : 1); i++) {
      const drawn = drawnCall(draw, LONG ? 2 ** 21 : 2 ** 16);
      const call: Call = name.startsWith("matrix") ? { ...drawn, stored: { ...drawn.stored, factors: "f16" } } : drawn; // units have no other
      const ways = waysFor(call).filter((one) => one.name === name);
      const { facts, way } = nth(ways, draw.integer(0, ways.length - 1));
      const error = await run(emulated(inOneWay(call, way), facts), call);
      if (!(error < MOST)) wrong.push({ error, call });
    }
    expect(wrong).toEqual([]);
  });

  const edge: Call = { product: { ...linear(37, 35, 39), batch: 2 }, stored: { ...f32, factors: "f16" }, scale: 1, seed: 3 };

  it.each([
    ["tiled 32×32", "writes beyond the edges of C", "if (row >= p.m || column >= p.n) { return; }", ""],
    ["tiled 32×32", "reads on in the next line", "line < lines && at < length", "line < lines"],
    ["tiled 32×32", "leaves the last terms out", "let end = min(start + p.length, p.k);", "let end = min(start + p.length, p.k) - 7u;"],
    ["tiled 32×32", "takes the first matrix for all", "let matrix = part % p.batch;", "let matrix = 0u;"],
    ["matrix 32×32", "turns B round", "col_major", "row_major"],
    ["matrix 32×32", "lays a panel's lines too close", "/ 8u * 40u", "/ 8u * 32u"],
  ])("by %s that %s is noticed", async (name, _, right, wrong) => {
    const run = await made;
    const { way, facts } = nth(
      waysFor(edge).filter((one) => one.name === name),
      0,
    );
    const plan = inOneWay(edge, way);
    const { wgsl } = plan.product.program;
    expect(wgsl).toContain(right);
    expect(await run(emulated(plan, facts), edge)).toBeLessThan(MOST);
    expect(await run(emulated(withText(plan, wgsl.replaceAll(right, wrong)), facts), edge)).not.toBeLessThan(MOST);
  });
});
