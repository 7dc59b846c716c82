import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Explanation } from "../../src/explain/explain.ts";
import { deit } from "./deit.ts";
import { deitHere } from "./inProcess.ts";

async function explained(...args: readonly string[]): Promise<Explanation> {
  const { status, stdout, stderr } = await deitHere("explain", ...args, "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const explanation: Explanation = JSON.parse(stdout);
  return explanation;
}

describe("explain --json", () => {
  it("has the contract's keys, and files of the repository", async () => {
    const { engine, ...rest } = await explained("E7");
    expect(engine).toBeUndefined();
    expect(Object.keys(rest)).toEqual(["id", "title", "formula", "forward", "vjp", "oracle", "row"]);
    expect(rest.formula).toContain("S_m = d^(−1/2) · Q_m K_mᵀ");
    for (const place of [rest.forward, rest.vjp, rest.oracle, rest.row])
      expect(existsSync(join(import.meta.dirname, "../..", place?.file ?? ""))).toBe(true);
  });

  it("has what an engine runs", async () => {
    const { engine } = await explained("linear", "64x197x768", "3072", "--engine", "webgpu", "--adapter", "h100", "--precision", "f16");
    expect(engine).toMatchObject({ name: "webgpu", adapter: "h100", precision: "f16", how: "fused", kernels: ["round", "matmul"] });
    expect(Object.keys(engine?.dispatches?.[0] ?? {})).toEqual(["program", "groups", "bytes", "reads", "writes", "flops", "wgsl"]);
    expect((await explained("E7", "--engine", "wasm-fma", "--threads", "2")).engine).toMatchObject({ name: "wasm-fma", threads: 2 });
    expect((await explained("E32", "--engine", "webgpu")).engine).toMatchObject({ kernels: [], dispatches: [] });
  });

  it("takes a number in any case and in brackets, and an op's row", async () => {
    expect((await explained("e7")).id).toBe("E7");
    expect((await explained("(G12)")).id).toBe("G12");
    expect((await explained("op/linear")).id).toBe("linear");
  });
});

describe("explain", () => {
  it("prints where everything is, and the WGSL, without a device", () => {
    const { status, stdout } = deit(["explain", "linear 64x197x768 3072", "--engine", "webgpu", "--adapter", "h100", "--precision", "f16"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^forward {2}src\/ops\/linear\.ts:\d+$/m);
    expect(stdout).toContain("(deit check --only op/linear)");
    expect(stdout).toContain("WGSL of matmul:");
    expect(stdout).toContain("enable chromium_experimental_subgroup_matrix;");
  });

  it("says of what the host computes that no engine does", async () => {
    expect((await deitHere("explain", "E32", "--engine", "wasm")).stdout).toContain("the host computes this");
  });

  it.each([
    [["E40"], "there is no E40; the equations are E1 to E39 and the gradients G1 to G22"],
    [["lineer"], "nothing is called lineer; nearest are linear,"],
    [["blocks.12.attn"], "nothing is called blocks.12.attn; nearest are blocks.1.attn,"],
    [["blocks.0.attn 4x4"], "blocks.0.attn is a path of deit-tiny, whose shapes are fixed: give it alone"],
    [["linear 64x"], '64x is not a shape; right would be "linear ...xI O", such as "linear 1x197x192 768"'],
    [["linear 2x3 0"], '0 is not a size; right would be "linear ...xI O"'],
    [["linear 2x3 4 5"], '5 is more than linear takes: "linear ...xI O"'],
    [["attention 4"], '4 has 1 axis, and attention takes "attention ...xTqxd Tk"'],
    [["splitHeads 2x3x64"], '"splitHeads 2x3x64": qkv must be [B, T, 3D], got [2, 3, 64]'],
    [["mixup 3x4"], '"mixup 3x4": the batch must be even, got [3, 4]'],
    [[""], "what should be explained? Give a formula, an op or a path, such as E7, attention or blocks.0.attn"],
    [["E7", "--engine", "cuda"], "unknown engine cuda; known: reference, wasm, wasm-fma, webgpu"],
    [["E7", "--engine", "webgpu", "--adapter", "h1000"], "unknown adapter h1000; known: h100,"],
    [["E7", "--adapter", "h100"], "--adapter is for --engine webgpu, got no engine"],
    [["E7", "--engine", "wasm", "--precision", "f16"], "--precision is for --engine webgpu, got wasm"],
    [["E7", "--engine", "webgpu", "--threads", "2"], "--threads is for --engine wasm, got webgpu"],
  ])("%j is refused in one line", async (args, message) => {
    const { status, stdout, stderr } = await deitHere("explain", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(`deit explain: ${message}`);
    expect(stderr.trimEnd()).not.toContain("\n");
  });
});
