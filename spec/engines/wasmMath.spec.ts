/** exp, log and the normal distribution in f32 SIMD: accurate over their range, right at its ends, and without access outside their arrays. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { erf, normalCdf } from "../../src/engines/reference/normal.ts";
import { MOST_PAGES } from "../../src/engines/wasm/module.ts";
import { points, worstError, worstUlps } from "../helpers/f32Sweep.ts";

const file = (name: string): string => join(import.meta.dirname, "../../dist/wasm", name);

type Kernel = (...pointersThenCount: readonly number[]) => void;
type Name = "expEach" | "exp2Each" | "logEach" | "normalCdfEach" | "geluEach" | "geluVjpEach" | "erfEach";
const names: readonly Name[] = ["expEach", "exp2Each", "logEach", "normalCdfEach", "geluEach", "geluVjpEach", "erfEach"];

interface Build {
  readonly kernel: (name: Name) => Kernel;
  readonly memory: WebAssembly.Memory;
}

async function loaded(target: string): Promise<Build> {
  const memory = new WebAssembly.Memory({ initial: 8, maximum: MOST_PAGES });
  const abort = (): never => {
    throw new Error("assertion failed in a kernel");
  };
  const { instance } = await WebAssembly.instantiate(readFileSync(file(`${target}.wasm`)), { env: { memory, abort } });
  const isKernel = (f: unknown): f is Kernel => typeof f === "function";
  const kernel = (name: Name): Kernel => {
    const f = instance.exports[name];
    if (!isKernel(f)) throw new Error(`no export ${name}`);
    return f;
  };
  return { kernel, memory };
}

/** The kernels' constants are in the first page; these regions of two pages each begin after it. */
const PAGE = 65_536;
const [X, DY, OUT] = [PAGE, 3 * PAGE, 5 * PAGE];

/** The results at x, with cotangents dy if the kernel takes any. */
function results({ kernel, memory }: Build, name: Name, x: Float32Array, dy = new Float32Array(x.length).fill(1)): Float32Array {
  new Float32Array(memory.buffer, X, x.length).set(x);
  new Float32Array(memory.buffer, DY, x.length).set(dy);
  kernel(name)(...(name === "geluVjpEach" ? [OUT, X, DY] : [OUT, X]), x.length);
  return new Float32Array(memory.buffer, OUT, x.length).slice();
}

/** The last sum rounds by ½ ulp; ⅓ more comes from r or n ln 2 + f, which is smaller than the result, and from its polynomial. */
const EXP_ULPS = 1;
/** The polynomial has an error of 1e-7, which is 1.7 ulp just above a power of 2; the last sum adds ½, the one before it a part of that. */
const EXP2_ULPS = 3;
const LOG_ULPS = 1;
/** N, M, their sum, the quotient, the product with e^r and r: six roundings of up to 1 ulp each, never all at their worst. 3.9 found. */
const NORMAL_ULPS = 4;
/** 1 − a tail of at most 0.16: the 4 ulp of the tail become less than 1, and the last rounding adds ½. */
const ERF_ULPS = 2;
/** The slope is at most 1.13, with an ulp of 1.2e-7, half of that for rounding; the tail is at most ½, with 4 ulp of at most 3e-8. */
const SLOPE_ERROR = 2e-7;
/** Φ and xφ have opposite signs for x < 0. For x ≤ −0.9 and x ≥ −0.6 the larger is at most 4.4 times their sum, and 2e-7 off. */
const SLOPE_RELATIVE = 1e-6;

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const gelu = (x: number): number => x * normalCdf(x);
const slope = (x: number): number => normalCdf(x) + x * density(x);

type Sweep = readonly [name: Name, truth: (x: number) => number, bound: number, ...ends: readonly number[]];

/** Each pair of consecutive ends is a range. Smallest subnormal 1.4e-45, smallest normal 1.2e-38, largest 3.4e38. */
const sweeps: readonly Sweep[] = [
  ["expEach", Math.exp, EXP_ULPS, -104, -87.34, -1, 0, 1, 88.72],
  ["exp2Each", (x) => 2 ** x, EXP2_ULPS, -126.4, -10, -1, 0],
  ["logEach", Math.log, LOG_ULPS, 1e-45, 1.2e-38, 0.5, 1, 2, 3.4e38],
  ["normalCdfEach", normalCdf, NORMAL_ULPS, -14.4, -13, -5.5, -1, 0, 1, 10],
  ["geluEach", gelu, NORMAL_ULPS, -14.4, -13, -5.5, -1, 0, 1, 10, 3.4e38],
  ["erfEach", erf, ERF_ULPS, -5, -1, 0, 0.5, 1, 2, 5],
];
const ranges = sweeps.flatMap(([name, truth, bound, ...ends]) =>
  ends.slice(1).map((to, i) => ({ name, truth, bound, from: ends[i] ?? NaN, to })),
);

/** The value of each function at these x. */
const ends: { readonly [K in Name]: { readonly x: readonly number[]; readonly y: readonly number[] } } = {
  expEach: { x: [0, -0, Infinity, -Infinity, NaN, 88.72284, 3e38, -104, -3e38], y: [1, 1, Infinity, 0, NaN, Infinity, Infinity, 0, 0] },
  exp2Each: { x: [0, -0, -1, -126, -126.6, -127, -3e38, -Infinity, NaN], y: [1, 1, 0.5, 2 ** -126, 0, 0, 0, 0, NaN] },
  logEach: { x: [1, 0, -0, Infinity, NaN, -1e-45, -1, -Infinity], y: [0, -Infinity, -Infinity, Infinity, NaN, NaN, NaN, NaN] },
  normalCdfEach: { x: [0, -0, Infinity, -Infinity, NaN, 6, 3e38, -15, -3e38], y: [0.5, 0.5, 1, 0, NaN, 1, 1, 0, 0] },
  geluEach: { x: [0, -0, Infinity, -Infinity, NaN, -15, -3e38], y: [0, -0, Infinity, 0, NaN, 0, 0] },
  geluVjpEach: { x: [0, -0, Infinity, -Infinity, NaN, 7, 3e38, -15, -3e38], y: [0.5, 0.5, 1, -0, NaN, 1, 1, -0, -0] },
  erfEach: { x: [0, -0, Infinity, -Infinity, NaN, 4, -4, 3e38, -3e38], y: [0, -0, 1, -1, NaN, 1, -1, 1, -1] },
};

describe.each(["debug", "release"])("the %s build", (target) => {
  it.each(ranges)("$name is within $bound ulp from $from to $to", async ({ name, truth, bound, from, to }) => {
    const x = points(from, to);
    expect(worstUlps(results(await loaded(target), name, x), Array.from(x, truth))).toBeLessThanOrEqual(bound);
  });

  it("the slope of GELU is within 2e-7 everywhere", async () => {
    const build = await loaded(target);
    for (const x of [points(-20, 0), points(0, 20)]) {
      expect(worstError(results(build, "geluVjpEach", x), Array.from(x, slope), () => 1)).toBeLessThanOrEqual(SLOPE_ERROR);
    }
  });

  it("the slope of GELU is accurate relative to its value, away from its zero", async () => {
    const build = await loaded(target);
    for (const x of [points(-4, -0.9), points(-0.6, 0), points(0, 4)]) {
      expect(worstError(results(build, "geluVjpEach", x), Array.from(x, slope), Math.abs)).toBeLessThanOrEqual(SLOPE_RELATIVE);
    }
  });

  it("the vjp of GELU multiplies the slope by the cotangent", async () => {
    const build = await loaded(target);
    const x = points(-3, -0.1);
    const dy = x.map((_, i) => [-2, 0.25, 0, 8][i % 4] ?? NaN); // powers of two: the product is exact
    expect(results(build, "geluVjpEach", x, dy)).toEqual(results(build, "geluVjpEach", x).map((s, i) => s * (dy[i] ?? NaN)));
  });

  it.each(names)("%s is right at the ends of its range", async (name) => {
    const { x, y } = ends[name];
    expect([...results(await loaded(target), name, Float32Array.from(x))]).toEqual(y);
  });

  it.each(names)(
    "%s reads and writes nothing beyond its n elements, works in place, and gives each the same bits wherever it stands",
    async (name) => {
      const build = await loaded(target);
      const { kernel, memory } = build;
      const x = Float32Array.of(0.3, 1.7, 0.001, 2.5, 0.9, 4.2, 0.05, 1.1, 3.3);
      const alone = Array.from(x, (value) => results(build, name, Float32Array.of(value))[0]);
      for (let n = 0; n <= x.length; n++) {
        const end = memory.buffer.byteLength - 4 * n; // a read beyond the end of the memory traps
        new Float32Array(memory.buffer, end, n).set(x.subarray(0, n));
        new Float32Array(memory.buffer, DY, n).fill(1);
        const out = new Float32Array(memory.buffer, OUT, x.length + 5).fill(7);
        kernel(name)(...(name === "geluVjpEach" ? [OUT + 4, end, DY] : [OUT + 4, end]), n);
        expect([...out]).toEqual([7, ...alone.slice(0, n), ...out.slice(n + 1).fill(7)]);
        kernel(name)(...(name === "geluVjpEach" ? [end, end, DY] : [end, end]), n);
        expect([...new Float32Array(memory.buffer, end, n)]).toEqual(alone.slice(0, n));
      }
    },
  );
});

it.each(names)("%s of the release build calls nothing, and keeps its SIMD instructions", (name) => {
  const text = readFileSync(file("release.wat"), "utf8");
  const start = text.indexOf(`\n (func $assembly/functions/${name} (`);
  const body = text.slice(start, text.indexOf("\n (", start + 1));
  expect(body).toContain("f32x4.mul");
  expect(body).not.toContain("call");
});

it.each(names)("%s of the debug build refuses pointers that are not 4-byte aligned", async (name) => {
  const { kernel } = await loaded("debug");
  expect(() => kernel(name)(OUT, X + 2, X, 4)).toThrow("assertion failed in a kernel");
});
