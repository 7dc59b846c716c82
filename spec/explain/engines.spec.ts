/** What `deit explain` says that an engine runs: for every formula, every op and every path, on every engine, without a device. */
import { describe, expect, it } from "vitest";
import { kernelsOn, moduleOf } from "../../src/engines/wasm/module.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { equations } from "../../src/explain/equations.ts";
import { explain, type EngineChoice, type EngineReport, type Execution } from "../../src/explain/explain.ts";
import { networkPlaces } from "../../src/explain/networks.ts";
import { operations } from "../../src/explain/operations/all.ts";
import { targetOf } from "../../src/explain/target.ts";
import { nullDevice, onGpu } from "../helpers/gpu.ts";

const reference: EngineChoice = { name: "reference" };
const wasm = (threads: number): EngineChoice => ({ name: "wasm", threads });
const webgpu = (precision: "f32" | "f16"): EngineChoice => ({ name: "webgpu", adapter: "h100", precision });
const choices: readonly EngineChoice[] = [reference, wasm(1), wasm(4), webgpu("f32"), webgpu("f16")];

function engineOf(text: string, choice: EngineChoice): EngineReport {
  const { engine } = explain(targetOf(text), choice);
  if (engine === undefined) throw new Error(`${text}: no engine`);
  return engine;
}

const executions = (engine: EngineReport): readonly Execution[] => [engine, ...(engine.vjp === undefined ? [] : [engine.vjp])];

const named = [...equations.keys(), ...operations.keys()];
const places = networkPlaces();

const exported = new Set(
  Object.keys(kernelsOn(await moduleOf("release", false), new WebAssembly.Memory({ initial: 16, maximum: 65_536 }))),
);

/** What is wrong with what an engine is said to run for a forward or a vjp. */
function faultsOf({ how, kernels, calls = [], dispatches = [] }: Execution, choice: EngineChoice): readonly string[] {
  const listed = (runs: readonly string[]): boolean => [...new Set(runs)].join() === kernels.join();
  const rules: readonly (readonly [fault: string, holds: boolean])[] = [
    ["neither definition nor fused", how === "definition" || how === "fused"],
    ["a kernel is listed twice", new Set(kernels).size === kernels.length],
    ["kernels and calls differ", choice.name !== "wasm" || listed(calls.map(({ kernel }) => kernel))],
    ["a kernel is no export of the module", choice.name !== "wasm" || kernels.every((kernel) => exported.has(kernel))],
    ["chunks", choice.name !== "wasm" || calls.every(({ chunks }) => chunks >= 1 && chunks <= choice.threads)],
    ["kernels and dispatches differ", choice.name !== "webgpu" || listed(dispatches.map(({ program }) => program))],
    ["workgroups", dispatches.every(({ groups }) => groups.every((n) => Number.isInteger(n) && n >= 1 && n <= 65_535))],
    ["reads or writes", dispatches.every(({ reads, writes }) => Number.isInteger(reads) && Number.isInteger(writes) && writes > 0)],
    ["bytes or FLOP", dispatches.every(({ bytes, flops }) => Number.isInteger(bytes) && Number.isInteger(flops) && flops >= 0)],
    ["no WGSL", dispatches.every(({ wgsl }) => wgsl.includes("fn main("))],
  ];
  return rules.filter(([, holds]) => !holds).map(([fault]) => fault);
}

const faults = (text: string, choice: EngineChoice): readonly string[] =>
  executions(engineOf(text, choice)).flatMap((execution) => faultsOf(execution, choice));

describe.each(choices)("on %j", (choice) => {
  it.each(named)("%s", (text) => {
    expect(faults(text, choice)).toEqual([]);
  });
});

describe.each([wasm(2), webgpu("f16")])("in a network, on %j", (choice) => {
  it.each(["patch_embed.proj", "blocks.0.attn", "blocks.0.attn.probs", "blocks.0", "norm", "head_dist", "logits"])("%s", (path) => {
    expect(faults(path, choice)).toEqual([]);
  });
});

describe("what an engine runs", () => {
  it("is what the real engine runs: as many kernels, fused and by definition", async () => {
    const engine = await wasmEngine();
    for (const [text, fused] of [
      ["attention 1x2x5x4 7", true],
      ["ema 4x5", false],
    ] as const) {
      const subject = targetOf(text);
      if (subject.kind !== "operation") throw new Error(text);
      const { operation, shape, sizes } = subject.call;
      const { kernels: k } = engine;
      const make = { k, plain: (...of: readonly number[]) => k.zeros(of), activation: (...of: readonly number[]) => k.zeros(of) };
      k.region("explained", () => {
        const prepared = operation.prepare(make, shape, sizes);
        const before = engine.counters().kernels;
        prepared.forward(k);
        const { how, calls = [] } = engineOf(text, wasm(1));
        expect(how === "fused").toBe(fused);
        expect(calls.length).toBe(engine.counters().kernels - before);
      });
    }
  });

  it("of a matrix multiplication has the FLOP of the product", () => {
    const { how, dispatches = [], vjp } = engineOf("linear 64x197x768 3072", webgpu("f16"));
    const product = 2 * 64 * 197 * 768 * 3072;
    expect(how).toBe("fused");
    expect(dispatches.filter(({ flops }) => flops === product).map(({ program }) => program)).toEqual(["matmul"]);
    expect(vjp?.dispatches?.filter(({ flops }) => flops === product).length).toBe(2);
  });

  it("is cut into a chunk a thread where that pays", () => {
    expect(engineOf("linear 64x197x768 3072", wasm(4)).calls).toEqual([{ kernel: "gemm", chunks: 4 }]);
    expect(engineOf("linear 1x2x3 4", wasm(4)).calls).toEqual([{ kernel: "gemm", chunks: 1 }]);
  });

  it("is the definition where a fused kernel does not take the call", () => {
    expect(engineOf("attention 1x1x4x2048", wasm(1)).how).toBe("definition");
    expect(engineOf("attention 1x1x4x64", wasm(1)).how).toBe("fused");
  });

  it("at a path inside a fused op is what that op runs", () => {
    expect(engineOf("blocks.0.attn.probs", webgpu("f32"))).toMatchObject({
      inside: "blocks.0.attn/attention",
      how: "fused",
      kernels: ["attention + mergeHeads"],
    });
    expect(engineOf("blocks.0.attn.probs", reference)).toMatchObject({
      how: "definition",
      kernels: ["maxLast", "sub", "exp", "sumLast", "div"],
    });
  });

  it("knows every tap of a recording", () => {
    const block = ["norm1", "attn.qkv", "attn.scores", "attn.probs", "attn.context", "attn", "mid", "norm2", "mlp.fc1", "mlp.gelu", "mlp"];
    const taps = ["patch_embed", "embed", ...block.map((name) => `blocks.11.${name}`), "blocks.11", "norm", "head", "head_dist", "logits"];
    expect(taps.filter((tap) => !places.has(tap))).toEqual([]);
  });
});

onGpu("every WGSL program that is shown", () => {
  const compiled = new Set<string>();

  /** Its subgroups have up to 128 threads, and those of the modelled adapters 32; and it has less workgroup memory. */
  const OF_NULL_DEVICE = /must be a multiple of the device maxSubgroupSize \(128\)|total use of workgroup storage/;

  async function expectCompiles(device: GPUDevice, wgsl: string): Promise<void> {
    if (compiled.has(wgsl)) return;
    compiled.add(wgsl);
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code: wgsl });
    device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
    const error = await device.popErrorScope();
    if (error !== null && OF_NULL_DEVICE.test(error.message)) return;
    expect(error?.message ?? null).toBeNull();
  }

  it("of linear 64x197x768 3072 on an h100 in f16 compiles, and would not with an error in it", async () => {
    const device = await nullDevice();
    const { dispatches = [], vjp } = engineOf("linear 64x197x768 3072", webgpu("f16"));
    const programs = [...dispatches, ...(vjp?.dispatches ?? [])].map(({ wgsl }) => wgsl);
    expect(programs.some((wgsl) => wgsl.includes("chromium_experimental_subgroup_matrix"))).toBe(true);
    for (const wgsl of programs) await expectCompiles(device, wgsl);
    await expect(expectCompiles(device, (programs[0] ?? "").replace("fn main", "fn other"))).rejects.toThrow(/main/);
  });

  it.each(["f32", "f16"] as const)("compiles, for all formulas and all ops in %s", async (precision) => {
    const device = await nullDevice();
    for (const text of named)
      for (const { dispatches = [] } of executions(engineOf(text, webgpu(precision))))
        for (const { wgsl } of dispatches) await expectCompiles(device, wgsl);
    expect(compiled.size).toBeGreaterThan(50);
  });
});
