/** Runs the dispatches of a GEMM plan on a device and compares C, and the sums of A's rows, with plain sums in f64. */
import type { GemmShape, GemmStorage } from "../../src/engines/webgpu/kernels/gemm/format.ts";
import type { GemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";
import type { Extent, Machine } from "../../src/engines/webgpu/machine.ts";
import type { Storage } from "../../src/engines/webgpu/accessors.ts";
import { roundHalf, widenHalf } from "../../src/tensor/half.ts";
import { keyOf, uniform53At } from "../../src/tensor/key.ts";

/** A call: C = s A B + b, and maybe Σ_k A. */
export interface Call {
  readonly product: GemmShape;
  readonly stored: GemmStorage;
  readonly scale: number;
  readonly seed: number;
}

/** The sums of A's rows over its terms, for a single A that is stored k × m and already rounded, and the sums of the magnitudes of their terms. */
function rowSums({ m, k }: GemmShape, A: Float64Array): (i: number) => { readonly sum: number; readonly mass: number } {
  return (i) => {
    const terms = Array.from({ length: k }, (_, t) => A[t * m + i] ?? NaN);
    return { sum: terms.reduce((sum, a) => sum + a, 0), mass: terms.reduce((sum, a) => sum + Math.abs(a), 0) };
  };
}

/** Memory of each operand, in bytes. */
const ROOM = 2 ** 23;
/** The count of guard numbers after an operand, which must not be read, and after C, which must not change. */
const GUARD = 256;
const UNTOUCHED = 123;
/** Replaces Σ|ab| where it is 0, so that an empty sum must be exactly 0. */
const LEAST_MASS = 2 ** -100;

const [HALF_NAN, HALF_BIAS, HALF_STEPS] = [0x7e00, 15, 1024];

/** The bits of a number in f16: one from 2⁻³ to 1, or UNTOUCHED. */
function halfBits(x: number): number {
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  return (x < 0 ? 0x8000 : 0) | ((exponent + HALF_BIAS) << 10) | ((Math.abs(x) / 2 ** exponent - 1) * HALF_STEPS);
}

/** These numbers followed by NaN, as words of memory. */
function guarded(numbers: readonly number[], storage: Storage): Float32Array {
  if (storage === "f32") return Float32Array.from([...numbers, ...Array.from({ length: GUARD }, () => NaN)]);
  const bits = new Uint16Array(2 * Math.ceil((numbers.length + GUARD) / 2)).fill(HALF_NAN);
  numbers.forEach((x, i) => (bits[i] = halfBits(x)));
  return new Float32Array(bits.buffer);
}

/** Random numbers with magnitudes from 2⁻³ to 1, exact in this storage. */
function drawn(length: number, storage: Storage, seed: number): readonly number[] {
  const round = storage === "f16" ? roundHalf : Math.fround;
  return Array.from({ length }, (_, i) => {
    const u = uniform53At(keyOf(seed), i) - 0.5;
    return round(u < 0 ? 1.75 * u - 0.125 : 1.75 * u + 0.125);
  });
}

/** Element (i, j) of matrix q of C, and the sum of the magnitudes of its terms, for factors that are already rounded. */
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

/** The error of storing a number in f16. */
const halfError = (x: number): number => 2 ** -11 * Math.abs(x) + 2 ** -25;

export type Runner = (plan: GemmPlan, call: Call) => Promise<number>;

/**
 * The largest error of C by a plan, in units of the f32 rounding of Σ |a b|; Infinity if the plan wrote beyond C or beyond the sums of A's rows. Calls must not overlap.
 *
 * @param machine a machine whose memory holds nothing else
 */
export function runnerOn(machine: Machine): Runner {
  const [ofC, ofA, ofB, ofBias, ofSums] = [1, 2, 3, 4, 5].map((i): Extent => ({ address: i * ROOM, bytes: ROOM }));
  if (ofC === undefined || ofA === undefined || ofB === undefined || ofBias === undefined || ofSums === undefined)
    throw new Error("no room");
  machine.reach(6 * ROOM);
  return async ({ gemm, reduction }, call) => {
    const { product, stored, seed } = call;
    const { batch, m, n, k, shared } = product;
    const size = batch * m * n;
    const [A, B] = [drawn(batch * m * k, stored.a, seed), drawn((shared ? 1 : batch) * k * n, stored.b, seed + 1)];
    const bias = drawn(n, stored.bias ?? "f32", seed + 2);
    machine.upload(ofA, guarded(A, stored.a));
    machine.upload(ofB, guarded(B, stored.b));
    machine.upload(ofBias, guarded(bias, stored.bias ?? "f32"));
    const untouched = Array.from({ length: size + GUARD }, () => UNTOUCHED);
    machine.upload(ofC, guarded(untouched, stored.c));
    const added = stored.bias === null ? [] : [ofBias];
    const results = stored.rowSums === true ? [ofC, ofSums] : [ofC];
    machine.upload(ofSums, guarded(untouched.slice(0, m + GUARD), "f32"));
    if (reduction === null) machine.dispatch(gemm, [...results, ofA, ofB, ...added]);
    else {
      machine.dispatch(gemm, ["scratch", ofA, ofB]);
      machine.dispatch(reduction, [...results, "scratch", ...added]);
    }
    const sumsOfRows = new Float32Array(await machine.read(ofSums, 4 * (m + GUARD)));
    if (sumsOfRows.subarray(stored.rowSums === true ? m : 0).some((x) => x !== UNTOUCHED)) return Infinity;
    const data = await machine.read(ofC, (stored.c === "f16" ? 2 : 4) * (size + GUARD));
    const C = stored.c === "f16" ? widenHalf(new Uint16Array(data)) : new Float32Array(data);
    if (C.subarray(size).some((x) => x !== UNTOUCHED)) return Infinity;

    const [left, right] = [A, B].map((x) => Float64Array.from(x, stored.factors === "f16" ? roundHalf : (number) => number));
    if (left === undefined || right === undefined) throw new Error("no factors");
    const at = sums(call, left, right, bias);
    let worst = 0;
    if (stored.rowSums === true) {
      const [exact, found] = [rowSums(product, left), sumsOfRows.subarray(0, m)];
      found.forEach((x, i) => {
        const { sum, mass } = exact(i);
        const error = Math.abs(x - sum) / (Math.max(mass, LEAST_MASS) * 2 ** -24);
        if (!(error <= worst)) worst = error;
      });
    }
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
