/** The AssemblyScript build: both targets load, compute, and keep their SIMD. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const file = (name: string): string => join(import.meta.dirname, "../../dist/wasm", name);

type Add = (out: number, a: number, b: number, n: number) => void;

async function loaded(target: string): Promise<{ readonly add: Add; readonly memory: WebAssembly.Memory }> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const abort = (): never => {
    throw new Error("assertion failed in a kernel");
  };
  const { instance } = await WebAssembly.instantiate(readFileSync(file(`${target}.wasm`)), { env: { memory, abort } });
  const isAdd = (f: unknown): f is Add => typeof f === "function";
  const { add } = instance.exports;
  if (!isAdd(add)) throw new Error("no export add");
  return { add, memory };
}

describe.each(["debug", "release"])("the %s build", (target) => {
  it("adds any number of f32, and writes nothing beyond", async () => {
    const { add, memory } = await loaded(target);
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 40 }), fc.integer({ min: 0, max: 3 }), (xs, shift) => {
        const [a, b, out] = [64 + 4 * shift, 1024 + 4 * shift, 2048 + 4 * shift];
        const n = xs.length;
        const f32 = new Float32Array(memory.buffer).fill(7);
        f32.set(xs, a / 4);
        f32.set(xs.toReversed(), b / 4);
        add(out, a, b, n);
        const expected = xs.map((x, i) => Math.fround(x + (xs[n - 1 - i] ?? NaN)));
        expect([...f32.subarray(out / 4, out / 4 + n + 1)]).toEqual([...expected, 7]);
      }),
      { seed: 1 },
    );
  });

  it("keeps a SIMD instruction in its hot export", () => {
    const text = readFileSync(file(`${target}.wat`), "utf8");
    const start = text.indexOf("\n (func $assembly/elementwise/add (");
    expect(text.slice(start, text.indexOf("\n (", start + 1))).toContain("f32x4.add");
  });
});

it("assertions stop the debug build, with nothing written", async () => {
  const { add } = await loaded("debug");
  expect(() => add(2, 64, 128, 4)).toThrow("assertion failed in a kernel");
});
