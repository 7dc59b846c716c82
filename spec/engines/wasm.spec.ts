/** The build, the memory and the plans of the WASM engine. The laws (spec/laws) test what its kernels compute. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type Build, load, MOST_PAGES } from "../../src/engines/wasm/module.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { MemoryError } from "../../src/tensor/errors.ts";
import { keyOf, uniformAt } from "../../src/tensor/key.ts";
import { wasmEngine } from "../../src/wasm.ts";

const builds: readonly Build[] = ["release", "debug"];

/** Exports without arithmetic: bookkeeping, copies and fills of memory. */
const WITHOUT_SIMD = new Set(["firstFree", "scratchBytes", "useScratch", "clear", "argmaxRows", "oneHot"]);

/** The text of each function of a .wat, by its name. */
function functionsOf(wat: string): ReadonlyMap<string, string> {
  const parts = wat.split(/\n (?=\()/).filter((part) => part.startsWith("(func $"));
  return new Map(parts.map((part) => [/^\(func (\$\S+)/.exec(part)?.[1] ?? "", part]));
}

/** Whether a function, or one that it calls, has a SIMD instruction. */
function hasSimd(functions: ReadonlyMap<string, string>, name: string, seen: ReadonlySet<string> = new Set()): boolean {
  const text = functions.get(name) ?? "";
  if (/\b(f32x4|i32x4|v128)\./.test(text)) return true;
  const calls = [...text.matchAll(/call (\$\S+)/g)].map(([, callee = ""]) => callee.replace(/\)+$/, ""));
  return calls.some((callee) => !seen.has(callee) && hasSimd(functions, callee, new Set([...seen, name])));
}

describe("the release build", () => {
  const wat = readFileSync(join(import.meta.dirname, "../../dist/wasm/release.wat"), "utf8");
  const functions = functionsOf(wat);
  const exported = [...wat.matchAll(/\(export "(\w+)" \(func (\$\S+?)\)\)/g)].map(([, name = "", target = ""]) => [name, target] as const);

  it("has exports that this spec finds", () => {
    expect(exported.length).toBeGreaterThan(30);
  });

  it.each(exported.filter(([name]) => !WITHOUT_SIMD.has(name)))("keeps SIMD instructions in %s", (_, target) => {
    expect(hasSimd(functions, target)).toBe(true);
  });

  it("would notice a function without SIMD", () => {
    expect(hasSimd(new Map([["$f", "(func $f (f32.add (call $g)))"], ["$g", "(func $g (f32.mul))"]]), "$f")).toBe(false); // prettier-ignore
  });

  it("allocates nothing: it neither grows the memory nor has a runtime that could", () => {
    expect(wat).not.toMatch(/memory\.grow|~lib\/rt/);
  });

  it("imports a memory and nothing else", () => {
    expect([...wat.matchAll(/\(import "(\w+)" "(\w+)"/g)].map(([, module, name]) => `${module}.${name}`)).toEqual(["env.memory"]);
  });
});

describe.each(builds)("the %s build", (build) => {
  it("needs no file and no network", async () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES });
    expect((await load(build, memory)).firstFree()).toBeGreaterThan(0);
  });

  it("draws numbers that are bitwise identical to the reference for any count", async () => {
    const engine = await wasmEngine({ build });
    const key = keyOf(7);
    for (const n of [0, 1, 3, 15, 16, 17, 50]) {
      const draws = await engine.read(engine.kernels.uniform(key, [n]));
      expect([...draws]).toEqual(Array.from({ length: n }, (_, i) => uniformAt(key, i)));
    }
  });
});

it("a failed assertion in the debug build throws its text", async () => {
  const wasm = await load("debug", new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES }));
  expect(() => wasm.useScratch(4)).toThrow(/^wasm: useScratch: must be 64-byte aligned \(assembly\/scratch\.ts:\d+\)$/);
});

it("the debug build fills new blocks with NaN, to the end of the block", async () => {
  const memories: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  vi.spyOn(WebAssembly, "Memory").mockImplementation(function make(descriptor) {
    const memory = new Memory(descriptor);
    memories.push(memory);
    return memory;
  });
  const { kernels: k } = await wasmEngine({ build: "debug" });
  vi.restoreAllMocks();
  k.upload([2], [8191, 8192]);
  const numbers = new Float32Array(memories[0]?.buffer ?? new ArrayBuffer(0));
  const at = numbers.indexOf(8191);
  expect([...numbers.subarray(at, at + 17)]).toEqual([8191, 8192, ...Array.from({ length: 14 }, () => NaN), 0]);
});

describe("memory", () => {
  /** Takes three tensors and keeps one. */
  const program = (k: Kernels): unknown =>
    k.region("program", () => {
      const x = k.zeros([1000, 300]);
      return k.add(k.square(x), x);
    });

  it("is reserved by a plan, and running the program takes no further page", async () => {
    const engine = await wasmEngine();
    engine.reserve(null, program);
    const { reserved } = engine.memory();
    program(engine.kernels);
    expect(engine.memory().reserved).toBe(reserved);
    expect(reserved).toBeGreaterThan(3 * 1000 * 300 * 4);
  });

  it("is planned no larger than what is used, up to a page", async () => {
    const engine = await wasmEngine();
    const before = engine.memory().reserved;
    engine.reserve(null, program);
    expect(engine.memory().reserved - before).toBeLessThan(4 * 1000 * 300 * 4);
  });

  it("beyond what WebAssembly can have is refused, with both numbers", async () => {
    const engine = await wasmEngine();
    const tooMuch = (k: Kernels): unknown => k.zeros([2 ** 31]);
    const needed = engine.plan(null, tooMuch);
    expect(needed).toBeGreaterThan(4 * 2 ** 31);
    expect(() => engine.reserve(null, tooMuch)).toThrow(new MemoryError("wasm", { needed, capacity: 2 ** 32 }));
  });

  it("grows where nothing was reserved, and keeps old values", async () => {
    const engine = await wasmEngine();
    const k = engine.kernels;
    const x = k.upload([3], [1, 2, 3]);
    k.zeros([2_000_000]);
    expect([...(await engine.read(x))]).toEqual([1, 2, 3]);
  });
});
