/** The attention programs for hardware, on SwiftShader, at sizes where tiles and blocks matter; those for matrix units with the units emulated. */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, hostArray, upload, type Host, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { machineOn } from "../../src/engines/webgpu/device/device.ts";
import { engineOn } from "../../src/engines/webgpu/engine.ts";
import { defaultCapabilities, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import type { MatrixFormat } from "../../src/engines/webgpu/kernels/attention/matrixFormat.ts";
import { attentionPlan } from "../../src/engines/webgpu/kernels/attention/plan.ts";
import { matrixFormat, matrixWork } from "../../src/engines/webgpu/kernels/attention/matrixPlan.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { attention, type AttentionInputs } from "../../src/ops/attention.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { SIZE, withoutMatrices } from "../helpers/subgroupMatrix.ts";
import { indeterminatePacks, packBeyond, plantIn, webgpuWith, type WgslError } from "../helpers/webgpu.ts";

/** Heads, queries, keys, width. */
type Sizes = readonly [h: number, N: number, K: number, d: number];

interface Case {
  readonly inputs: Host<AttentionInputs>;
  readonly dOut: HostArray;
}

function drawnCase([h, N, K, d]: Sizes, precision: "f32" | "f16", deviation = 1): Case {
  const draw = drawOf(keyOf(1), precision);
  return {
    inputs: { q: draw.array([h, N, d], { deviation }), keys: draw.array([h, K, d]), values: draw.array([h, K, d]) },
    dOut: draw.array([h, N, d]),
  };
}

/** Scores that climb from −most to most along the keys for every other query, and fall for the rest. */
function steepCase(most: number, [h, N, K, d]: Sizes): Case {
  const { inputs, dOut } = drawnCase([h, N, K, d], "f32");
  const first = (a: HostArray, value: (row: number) => number): HostArray =>
    hostArray(
      a.shape,
      a.data.map((x, i) => Math.fround(i % d === 0 ? value(Math.floor(i / d)) : x / 100)),
    );
  const q = first(inputs.q, (i) => (i % 2 === 0 ? most : -most) * Math.sqrt(d));
  return { inputs: { q, keys: first(inputs.keys, (j) => ((j % K) / (K - 1)) * 2 - 1), values: inputs.values }, dOut };
}

type Part = "all" | "forward";

/** Gives output and λ; and gradients, unless only the forward runs. */
const trial =
  ({ inputs, dOut }: Case, part: Part = "all") =>
  (k: Kernels): unknown => {
    const { out, saved } = attention.forward(k, upload<AttentionInputs>(k, inputs), { dropout: null });
    return { out, logSum: saved.logSum, ...(part === "all" ? attention.vjp(k, saved, upload<Tensor>(k, dOut)) : {}) };
  };

const SLAB = 2 ** 24;
const KIB = 2 ** 10;

function engineWith(device: GPUDevice, capabilities: Partial<DeviceCapabilities>, precision: "f32" | "f16"): Engine {
  const machine = machineOn(device, SLAB);
  return engineOn(
    { ...machine, capabilities: { ...machine.capabilities, software: false, ...capabilities } },
    { precision, capacity: Infinity, poison: true, epilogues: true, afterKernel: null },
  );
}

/** From the reference engine. */
const distance = async (engine: Engine, of: Case, part: Part = "all"): Promise<number> =>
  gapOfLeaves(await evaluate(engine, trial(of, part)), await evaluate(referenceEngine(), trial(of, part)));

const features = new Set(["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"]);
const SHAPE = { m: 16, n: 16, k: 16 };

/** The capabilities of hardware with matrix units, and with so much workgroup memory. */
const withUnits = (workgroupMemory: number, shape = SHAPE, subgroup = SIZE): DeviceCapabilities => ({
  ...defaultCapabilities,
  limits: { ...defaultCapabilities.limits, maxComputeWorkgroupStorageSize: workgroupMemory },
  features,
  subgroup,
  matrices: [shape],
});

/** Makes a device without matrix units run programs for them. */
function emulateUnits(device: GPUDevice, shape = SHAPE): GPUDevice {
  const compile = device.createShaderModule.bind(device);
  device.createShaderModule = ({ code, ...rest }) =>
    compile({ ...rest, code: code.includes("subgroup_matrix") ? withoutMatrices(code, shape) : code });
  return device;
}

/** SwiftShader takes seconds to compile the programs of wide heads, and those with much workgroup memory. */
const LONG = process.env["DEIT_LONG"] === "1";

onGpu("attention by rows", () => {
  const f32 = gpuDevice({ limits: "default" }).then((device) => engineWith(device, {}, "f32"));
  const f16 = gpuDevice({ limits: "default" }).then((device) => engineWith(device, {}, "f16"));

  it.each<Sizes>([
    [1, 1, 1, 1],
    [2, 1, 5, 8],
    [3, 13, 197, 3],
    [2, 65, 33, 16],
    [2, 3, 577, 16],
    [1, 198, 198, 64],
    [2, 3, 5, 129], // by definition
    ...(LONG ? ([[1, 70, 20, 128]] as const) : []),
  ])("with %i heads, %i queries, %i keys, width %i agrees with the reference engine", async (...of) => {
    expect(await distance(await f32, drawnCase(of, "f32"))).toBeLessThanOrEqual(tolerances.parity.f32.bound);
  });

  it.each<Sizes>([[2, 9, 40, 6], [2, 20, 70, 16], ...(LONG ? ([[1, 20, 70, 64]] as const) : [])])(
    "in f16, with %i heads, %i queries, %i keys, width %i, agrees with the reference engine",
    async (...of) => {
      expect(await distance(await f16, drawnCase(of, "f16"))).toBeLessThanOrEqual(tolerances.parity.f16.bound);
    },
  );

  it.each([80, 300])("agrees for scores that run from −%i to as much along the keys", async (most) => {
    expect(await distance(await f32, steepCase(most, [2, 10, 300, 16]))).toBeLessThanOrEqual(tolerances.parity.f32.bound);
  });

  it.each<WgslError>([
    { right: "sum *= shrink;", wrong: "" },
    { right: "= p.scale * read_q", wrong: "= read_q" },
    { right: "- own_alpha", wrong: "" },
    { right: "let o0 = 1.0 * read_o(", wrong: "let o0 = 1.0 * read_dO(" },
    ...(LONG ? [{ right: "store_alpha(row, own_alpha)", wrong: "store_alpha(row, 0.0)" }] : []),
    { right: "power(s - load_logSum(other))", wrong: "power(s)" },
    { right: "p.others - first)", wrong: "p.others)" },
    { right: "others + i /", wrong: "i /" },
  ])("is found wrong with a planted error: %j", async (error) => {
    const device = await gpuDevice({ limits: "default" });
    const wasPlanted = plantIn(device, error);
    const gap = await distance(engineWith(device, {}, "f32"), drawnCase([2, 9, 150, 16], "f32", 5));
    expect(wasPlanted()).toBe(true);
    expect(gap).toBeGreaterThan(tolerances.parity.f32.bound);
  });
});

onGpu("attention on matrix units", () => {
  it.each<readonly [Sizes, number]>([
    [[2, 40, 19, 16], 9 * KIB],
    ...(LONG
      ? ([
          [[1, 130, 35, 10], 16 * KIB],
          [[1, 33, 197, 64], 16 * KIB],
        ] as const)
      : []),
  ])("with heads, queries, keys and width %j and workgroup memory %i agrees with the reference engine", async (of, workgroupMemory) => {
    const engine = engineWith(emulateUnits(await gpuDevice()), withUnits(workgroupMemory), "f16");
    expect(await distance(engine, drawnCase(of, "f16"))).toBeLessThanOrEqual(tolerances.parity.f16.bound);
  });

  it("of another shape agrees with the reference engine", async () => {
    const shape = { m: 8, n: 8, k: 8 };
    const engine = engineWith(emulateUnits(await gpuDevice(), shape), withUnits(5 * KIB, shape), "f16");
    expect(await distance(engine, drawnCase([1, 30, 37, 14], "f16"))).toBeLessThanOrEqual(tolerances.parity.f16.bound);
  });

  /** Of 65 keys, tiles of 16 rise by 20 each. */
  const steep = steepCase(40, [1, 20, 65, 16]);

  it("agrees where scores rise from tile to tile, so that the sums are scaled", async () => {
    const engine = engineWith(emulateUnits(await gpuDevice()), withUnits(6 * KIB), "f16");
    expect(await distance(engine, steep, "forward")).toBeLessThanOrEqual(tolerances.parity.f16.bound);
  });

  it.each<WgslError>([
    { right: "scores[at] *= shrink;", wrong: "" },
    ...(LONG
      ? [
          { right: "sum *= shrink;", wrong: "" },
          { right: "atomicStore(&overdue, 1u);", wrong: "most = max(most, top);" },
        ]
      : []),
  ])("is found wrong where scores rise with a planted error: %j", async (error) => {
    const device = emulateUnits(await gpuDevice());
    const wasPlanted = plantIn(device, error);
    const gap = await distance(engineWith(device, withUnits(6 * KIB), "f16"), steep, "forward");
    expect(wasPlanted()).toBe(true);
    expect(gap).toBeGreaterThan(tolerances.parity.f16.bound);
  });

  it.each<WgslError & { readonly part?: Part }>([
    { right: "< vec4u(p.others)", wrong: "< vec4u(p.others + 16u)", part: "forward" },
    { right: "dot(read_dO(row, c), read_o(row, c))", wrong: "dot(read_dO(row, c), read_dO(row, c))" },
    ...(LONG
      ? [
          { right: "store_alpha(row, own_alpha)", wrong: "store_alpha(row, 0.0)" },
          { right: "- own_alpha", wrong: "" },
          { right: "col_major", wrong: "row_major" },
          { right: "if (subgroup < strips)", wrong: "if (subgroup + 1u < strips)" },
          { right: "if (first + 16u < p.others)", wrong: "if (first + 32u < p.others)" },
        ]
      : []),
  ])("is found wrong with a planted error: %j", async (error) => {
    const device = emulateUnits(await gpuDevice());
    const wasPlanted = plantIn(device, error);
    const workgroupMemory = error.right.startsWith("if (first") ? 16 * KIB : 6 * KIB;
    const gap = await distance(engineWith(device, withUnits(workgroupMemory), "f16"), drawnCase([1, 20, 50, 16], "f16"), error.part);
    expect(wasPlanted()).toBe(true);
    expect(gap).toBeGreaterThan(tolerances.parity.f16.bound);
  });

  /** Cotangents of one size, and small inputs, so that no gradient of them is beyond f16. */
  function largeCase(dOut: number, values: number): Case {
    const { inputs, dOut: drawn } = drawnCase([1, 20, 3, 16], "f16");
    const times = (a: HostArray, factor: number): HostArray => hostArray(a.shape, a.data.map((x) => x * factor)); // prettier-ignore
    return {
      inputs: { q: times(inputs.q, 1e-3), keys: times(inputs.keys, 1e-3), values: times(inputs.values, values) },
      dOut: hostArray(drawn.shape, drawn.data.map((x) => Math.sign(x) * dOut)), // prettier-ignore
    };
  }

  it.each([
    ["a cotangent", largeCase(1e6, 1e-3)],
    ["the cotangent of a score", largeCase(6e4, 1)],
  ] as const)("has gradients that are not finite where %s is beyond f16, and has finite ones if it is clamped", async (_, of) => {
    const finite: boolean[] = [];
    const right = "vec2u(pack_half(x.xy), pack_half(x.zw))"; // how factors are rounded
    for (const wrong of [right, right.replaceAll("pack_half", "pack2x16float")]) {
      const device = await gpuDevice();
      packBeyond(device, indeterminatePacks.clamps);
      const planted = plantIn(device, { right, wrong });
      const leaves = await evaluate(engineWith(emulateUnits(device), withUnits(9 * KIB), "f16"), trial(of));
      expect(planted()).toBe(true);
      finite.push(["q", "keys"].every((name) => leaves.get(name)?.data.every(Number.isFinite) ?? false));
    }
    expect(finite).toEqual([false, true]);
  });

  describe.each([
    ["16 × 16 × 16", SHAPE, 32],
    ["16 × 16 × 16, 64 threads", SHAPE, 64],
    ["8 × 8 × 8", { m: 8, n: 8, k: 8 }, 32],
    ["8 × 8 × 16", { m: 8, n: 8, k: 16 }, 16],
  ] as const)("of %s", (_, shape, subgroup) => {
    it.each([5, 16, 24, 64, 100, 128])("compiles for heads of width %i without an error", async (d) => {
      const device = await nullDevice();
      const stored = { q: "f16", k: "f16", v: "f16", o: "f16", dO: "f16", result: "f16" } as const;
      for (const memory of [16 * KIB, 32 * KIB, 48 * KIB, 64 * KIB]) {
        const plan = attentionPlan({ heads: 3, N: 198, K: 198, d }, "f16", withUnits(memory, shape, subgroup));
        if (plan === null) continue;
        const kinds = d % 2 === 0 ? [stored, { ...stored, q: "f32", dO: "f32" } as const] : [{ ...stored, result: "f32" } as const];
        for (const kind of kinds)
          for (const { program } of [plan.forward(kind), plan.dQueries(kind), plan.dKeys(kind)]) {
            const { messages } = await device.createShaderModule({ code: program.wgsl }).getCompilationInfo();
            expect(messages.map(({ message }) => message)).toEqual([]);
          }
      }
    });
  });
});

onGpu("attention on a device that validates WGSL", () => {
  it.each(["f32", "f16"] as const)("compiles in %s", async (precision) => {
    const engine = webgpuWith(await nullDevice(), { software: false, precision });
    const one = trial(drawnCase([2, 197, 197, 64], precision));
    engine.kernels.region("compile", () => {
      one(engine.kernels);
      return null;
    });
    await expect(engine.finish()).resolves.toBeUndefined();
  });
});

describe("the plan of attention", () => {
  const sizes = { heads: 768, N: 198, K: 198, d: 64 };

  it("does not exist for heads that are too wide, nor on software adapters", () => {
    expect(attentionPlan({ ...sizes, d: 129 }, "f32", defaultCapabilities)).toBeNull();
    expect(attentionPlan(sizes, "f32", { ...defaultCapabilities, software: true })).toBeNull();
  });

  it("uses matrix units for f16 only, and only with enough workgroup memory", () => {
    const variantOf = (precision: "f32" | "f16", capabilities: DeviceCapabilities): string | undefined =>
      attentionPlan(sizes, precision, capabilities)?.variant;
    expect(variantOf("f16", withUnits(16 * KIB))).toBe("matrices");
    expect(variantOf("f32", withUnits(16 * KIB))).toBe("rows");
    expect(variantOf("f16", defaultCapabilities)).toBe("rows");
    expect(variantOf("f16", { ...withUnits(16 * KIB), subgroup: null })).toBe("rows");
    expect(variantOf("f16", withUnits(4 * KIB))).toBe("rows");
  });

  it("has as many multiply–adds as the formulas", () => {
    const plan = attentionPlan(sizes, "f16", withUnits(64 * KIB));
    const stored = { q: "f16", k: "f16", v: "f16", o: "f16", dO: "f16", result: "f16" } as const;
    const multiplication = 768 * 198 * 198 * 64;
    expect([plan?.forward(stored).macs, plan?.dQueries(stored).macs, plan?.dKeys(stored).macs]).toEqual(
      [2, 3, 4].map((n) => n * multiplication),
    );
    expect(plan?.forward(stored).groups).toEqual([768 * Math.ceil(198 / (7 * 16)), 1, 1]);
  });

  it.each(["f32", "f16"] as const)("in %s binds as many tensors as every device does, at most", (precision) => {
    const plan = attentionPlan(sizes, precision, withUnits(64 * KIB));
    const stored = { q: "f16", k: "f16", v: "f16", o: "f16", dO: "f16", result: "f16" } as const;
    for (const dispatch of [plan?.forward(stored), plan?.dQueries(stored), plan?.dKeys(stored)])
      expect(dispatch?.program.elements.length).toBeLessThanOrEqual(defaultCapabilities.limits.maxStorageBuffersPerShaderStage);
  });

  /** The multiply–adds of blocks of 64 and tiles of 32, all of which are multiplied, for each of the formula. */
  const ofFullBlocks = (N: number): number => (Math.ceil(N / 64) * 64 * Math.ceil(N / 32) * 32) / N ** 2;

  it.each([
    [197, 1.478, 1.115, [14, 14, 15], 13],
    [198, 1.463, 1.104, [14, 14, 15], 13],
    [577, 1.169, 1.053, [40, 40, 40], 37],
    [578, 1.165, 1.049, [40, 40, 40], 37],
  ] as const)("for %i tokens multiplies not %f but %f times what the formula does", (N, full, padding, strips, multipliedStrips) => {
    const works = (["forward", "dQueries", "dKeys"] as const).map((kind) => {
      const format = matrixFormat(kind, { own: N, others: N, d: 64 }, withUnits(48 * KIB));
      return format === null ? null : matrixWork(kind, format, N, N);
    });
    expect(ofFullBlocks(N)).toBeCloseTo(full, 3);
    expect(works.map((work) => work?.strips)).toEqual(strips);
    for (const work of works) {
      expect(work?.padding).toBeCloseTo(padding, 3);
      expect(work?.multipliedStrips).toBe(multipliedStrips);
    }
  });

  it("takes the format with the lowest cost, and fewer subgroups where their registers would not let two workgroups run", () => {
    const of = (d: number, kind: "forward" | "dKeys"): MatrixFormat | null =>
      matrixFormat(kind, { own: 577, others: 577, d }, withUnits(64 * KIB));
    expect([of(64, "forward")?.subgroups, of(64, "dKeys")?.subgroups, of(128, "dKeys")?.subgroups]).toEqual([8, 5, 4]);
  });
});
