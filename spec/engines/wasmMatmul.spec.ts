/** The matrix multiplication kernel: all edges of its tiles, panels and blocks, in every form, against plain sums in f64. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Build, type Exports, load, MOST_PAGES } from "../../src/engines/wasm/module.ts";
import { keyOf, uniform53At } from "../../src/tensor/key.ts";

const PAGES = 600;
const BYTES = 4;
/** Floats behind C that must stay as they are. */
const GUARD = 64;
const UNTOUCHED = 12_345;

interface Call {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly ta: boolean;
  readonly tb: boolean;
  readonly accumulate: boolean;
  readonly seed: number;
}

const length = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

/** Small sizes cover every remainder of a tile; a large k, n or m covers the ends of blocks. */
const call: fc.Arbitrary<Call> = fc.record({
  m: fc.oneof({ arbitrary: length(50), weight: 8 }, { arbitrary: length(400), weight: 1 }),
  n: fc.oneof({ arbitrary: length(49), weight: 8 }, { arbitrary: length(700), weight: 1 }),
  k: fc.oneof({ arbitrary: length(75), weight: 8 }, { arbitrary: fc.integer({ min: 380, max: 1200 }), weight: 1 }),
  ta: fc.boolean(),
  tb: fc.boolean(),
  accumulate: fc.boolean(),
  seed: fc.nat(),
});

interface Machine {
  readonly wasm: Exports;
  readonly memory: WebAssembly.Memory;
  readonly start: number;
}

async function machine(build: Build): Promise<Machine> {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: MOST_PAGES });
  const wasm = await load(build, memory);
  wasm.useScratch(wasm.firstFree());
  return { wasm, memory, start: wasm.firstFree() + wasm.scratchBytes() };
}

/** The largest error of C, in units of the f32 rounding of Σ |a b|; Infinity if something beyond C was written. */
function worstError({ wasm, memory, start }: Machine, { m, n, k, ta, tb, accumulate, seed }: Call): number {
  const numbers = new Float32Array(memory.buffer, start);
  const [A, B, C] = [0, m * k, m * k + k * n];
  const key = keyOf(seed);
  for (let i = 0; i < C + m * n; i++) numbers[i] = uniform53At(key, i) - 0.5;
  numbers.fill(UNTOUCHED, C + m * n, C + m * n + GUARD);
  const before = numbers.slice(C, C + m * n);
  const [c, a, b] = [start + C * BYTES, start + A * BYTES, start + B * BYTES];
  wasm.gemm(c, n, a, ta ? m : k, b, tb ? k : n, 0, m, n, k, ta, tb, accumulate);

  if (numbers.subarray(C + m * n, C + m * n + GUARD).some((x) => x !== UNTOUCHED)) return Infinity;
  let worst = 0;
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = accumulate ? (before[i * n + j] ?? NaN) : 0;
      let mass = Math.abs(sum);
      for (let p = 0; p < k; p++) {
        const product = (numbers[A + (ta ? p * m + i : i * k + p)] ?? NaN) * (numbers[B + (tb ? j * k + p : p * n + j)] ?? NaN);
        sum += product;
        mass += Math.abs(product);
      }
      worst = Math.max(worst, Math.abs((numbers[C + i * n + j] ?? NaN) - sum) / (mass * 2 ** -24));
    }
  return worst;
}

/** Errors of k roundings grow as √k and are measured against Σ|ab|, so that a few units are many; 3.9 was found in 600 calls up to k = 900. */
const MOST = 8;

describe.each(["release", "debug"] as const)("the matrix multiplication of the %s build", (build) => {
  const made = machine(build);

  it("is right for all sizes and forms, and writes nothing beyond C", { timeout: 120_000 }, async () => {
    const at = await made;
    fc.assert(
      fc.property(call, (given) => {
        expect(worstError(at, given)).toBeLessThan(MOST);
      }),
      { seed: 4, numRuns: build === "release" ? 600 : 150 },
    );
  });

  it("computes a row bitwise identically wherever it is among the rows", async () => {
    const { wasm, memory, start } = await made;
    const [m, n, k] = [23, 30, 400];
    const numbers = new Float32Array(memory.buffer, start);
    for (let i = 0; i < m * k + k * n; i++) numbers[i] = uniform53At(keyOf(9), i) - 0.5;
    const [b, c] = [start + m * k * BYTES, start + (m * k + k * n) * BYTES];
    wasm.gemm(c, n, start, k, b, n, 0, m, n, k, false, false, false);
    const whole = new Float32Array(memory.buffer, c, m * n).slice();
    for (const [from, to] of [[0, 1], [1, 3], [3, 7], [7, 23]] as const) wasm.gemm(c + from * n * BYTES, n, start + from * k * BYTES, k, b, n, 0, to - from, n, k, false, false, false); // prettier-ignore
    expect(new Float32Array(memory.buffer, c, m * n)).toEqual(whole);
  });

  it("gives zero for sums without terms, or adds nothing", async () => {
    const { wasm, memory, start } = await made;
    const numbers = new Float32Array(memory.buffer, start, 4);
    wasm.gemm(start, 2, start, 0, start, 2, 0, 2, 2, 0, false, false, true);
    numbers.fill(7);
    wasm.gemm(start, 2, start, 0, start, 2, 0, 2, 2, 0, false, false, true);
    expect([...numbers]).toEqual([7, 7, 7, 7]);
    wasm.gemm(start, 2, start, 0, start, 2, 0, 2, 2, 0, false, false, false);
    expect([...numbers]).toEqual([0, 0, 0, 0]);
  });
});
