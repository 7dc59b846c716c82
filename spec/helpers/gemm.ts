/** Products on a device, as a plan has them made, beside the same as plain sums in f64. */
import type { Product, Stored } from "../../src/engines/webgpu/kernels/gemm/form.ts";
import type { GemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";
import type { Extent, Machine } from "../../src/engines/webgpu/machine.ts";
import type { Storage } from "../../src/engines/webgpu/program.ts";
import { roundHalf, widenHalf } from "../../src/tensor/half.ts";
import { keyOf, uniform53At } from "../../src/tensor/key.ts";

/** A call: C = s A B + b. */
export interface Call {
  readonly product: Product;
  readonly stored: Stored;
  readonly scale: number;
  readonly seed: number;
}

/** Of each operand, in bytes. */
const ROOM = 2 ** 23;
/** Numbers behind an operand that must not be read, and behind C that must stay as they are. */
const GUARD = 256;
const UNTOUCHED = 123;
/** Of an empty sum: it must be 0. */
const LEAST_MASS = 2 ** -100;

const [HALF_NAN, HALF_BIAS, HALF_STEPS] = [0x7e00, 15, 1024];

/** Of a number of 2⁻³ … 1, or UNTOUCHED, that f16 has. */
function halfBits(x: number): number {
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  return (x < 0 ? 0x8000 : 0) | ((exponent + HALF_BIAS) << 10) | ((Math.abs(x) / 2 ** exponent - 1) * HALF_STEPS);
}

/** The words of memory that holds these numbers, and NaN behind them. */
function laid(numbers: readonly number[], storage: Storage): Float32Array {
  if (storage === "f32") return Float32Array.from([...numbers, ...Array.from({ length: GUARD }, () => NaN)]);
  const halves = new Uint16Array(2 * Math.ceil((numbers.length + GUARD) / 2)).fill(HALF_NAN);
  numbers.forEach((x, i) => (halves[i] = halfBits(x)));
  return new Float32Array(halves.buffer);
}

/** ±2⁻³ … ±1, in f32, or in f16. */
function drawn(length: number, storage: Storage, seed: number): readonly number[] {
  const round = storage === "f16" ? roundHalf : Math.fround;
  return Array.from({ length }, (_, i) => {
    const u = uniform53At(keyOf(seed), i) - 0.5;
    return round(u < 0 ? 1.75 * u - 0.125 : 1.75 * u + 0.125);
  });
}

/** Σ and Σ|…| of number (i, j) of matrix q of C, of factors that are rounded. */
type Sum = (q: number, i: number, j: number) => { readonly sum: number; readonly mass: number };

function sums({ product, stored, scale }: Call, A: Float64Array, B: Float64Array, bias: readonly number[]): Sum {
  const { m, n, k, ta, tb, shared } = product;
  return (q, i, j) => {
    let [sum, mass] = [0, 0];
    for (let t = 0; t < k; t++) {
      const a = A[q * m * k + (ta ? t * m + i : i * k + t)] ?? NaN;
      const b = B[(shared ? 0 : q * k * n) + (tb ? j * k + t : t * n + j)] ?? NaN;
      sum += a * b;
      mass += Math.abs(a * b);
    }
    const added = stored.bias === null ? 0 : (bias[j] ?? NaN);
    return { sum: scale * sum + added, mass: Math.abs(scale) * mass + Math.abs(added) };
  };
}

/** What storing a number in f16 may take from it. */
const halfError = (x: number): number => 2 ** -11 * Math.abs(x) + 2 ** -25;

export type Runner = (plan: GemmPlan, call: Call) => Promise<number>;

/**
 * The largest error of a plan's C in units of f32 rounding of Σ |a b|; Infinity where something else than C was written. Calls come one by one.
 *
 * @param machine with nothing else in its memory
 */
export function runnerOn(machine: Machine): Runner {
  const [ofC, ofA, ofB, ofBias] = [1, 2, 3, 4].map((i): Extent => ({ address: i * ROOM, bytes: ROOM }));
  if (ofC === undefined || ofA === undefined || ofB === undefined || ofBias === undefined) throw new Error("no room");
  machine.reach(5 * ROOM);
  return async ({ product: launch, sums: second }, call) => {
    const { product, stored, seed } = call;
    const { batch, m, n, k, shared } = product;
    const size = batch * m * n;
    const [A, B] = [drawn(batch * m * k, stored.a, seed), drawn((shared ? 1 : batch) * k * n, stored.b, seed + 1)];
    const bias = drawn(n, stored.bias ?? "f32", seed + 2);
    machine.upload(ofA, laid(A, stored.a));
    machine.upload(ofB, laid(B, stored.b));
    machine.upload(ofBias, laid(bias, stored.bias ?? "f32"));
    const untouched = Array.from({ length: size + GUARD }, () => UNTOUCHED);
    machine.upload(ofC, laid(untouched, stored.c));
    const added = stored.bias === null ? [] : [ofBias];
    if (second === null) machine.launch(launch, [ofC, ofA, ofB, ...added]);
    else {
      machine.launch(launch, ["scratch", ofA, ofB]);
      machine.launch(second, [ofC, "scratch", ...added]);
    }
    const data = await machine.read(ofC, (stored.c === "f16" ? 2 : 4) * (size + GUARD));
    const C = stored.c === "f16" ? widenHalf(new Uint16Array(data)) : new Float32Array(data);
    if (C.subarray(size).some((x) => x !== UNTOUCHED)) return Infinity;

    const [left, right] = [A, B].map((x) => Float64Array.from(x, stored.factors === "f16" ? roundHalf : (number) => number));
    if (left === undefined || right === undefined) throw new Error("no factors");
    const at = sums(call, left, right, bias);
    let worst = 0;
    for (let q = 0; q < batch; q++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          const { sum, mass } = at(q, i, j);
          const gap = Math.abs((C[(q * m + i) * n + j] ?? NaN) - sum) - (stored.c === "f16" ? halfError(sum) : 0);
          const error = Math.max(0, gap) / (Math.max(mass, LEAST_MASS) * 2 ** -24);
          if (!(error <= worst)) worst = error;
        }
    return worst;
  };
}
