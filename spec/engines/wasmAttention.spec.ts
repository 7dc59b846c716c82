/** The attention kernel at sizes that matter for its tiling: several tiles of keys, blocks of queries, incomplete panels, heads of any width. */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { evaluate, hostArray, upload, type Host, type HostArray, type Leaves } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { fusedKernels } from "../../src/engines/wasm/fused/table.ts";
import type { Build } from "../../src/engines/wasm/module.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { attention, type AttentionInputs } from "../../src/ops/attention.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { size, type Tensor } from "../../src/tensor/tensor.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { relaxedSimd } from "../helpers/relaxedSimd.ts";

const builds: readonly Build[] = ["release", "debug", ...(relaxedSimd ? ["fma" as const] : [])];

/** Heads, queries, keys, width. */
type Sizes = readonly [h: number, N: number, k: number, d: number];

interface Case {
  readonly inputs: Host<AttentionInputs>;
  readonly dOut: HostArray;
}

const drawnCase = (draw: Draw, [h, N, k, d]: Sizes): Case => ({
  inputs: { q: draw.array([h, N, d]), keys: draw.array([h, k, d]), values: draw.array([h, k, d]) },
  dOut: draw.array([h, N, d]),
});

/** Scores that rise from −most to most along the keys for every other query, and fall for the rest, so that each tile has another maximum. */
function steepCase(draw: Draw, most: number, sizes: Sizes): Case {
  const [h, N, k, d] = sizes;
  const { inputs, dOut } = drawnCase(draw, sizes);
  const first = (a: HostArray, value: (row: number) => number): HostArray =>
    hostArray(
      a.shape,
      a.data.map((x, i) => draw.round(i % d === 0 ? value(Math.floor(i / d)) : x / 100)),
    );
  const q = first(inputs.q, (i) => (i % 2 === 0 ? most : -most) * Math.sqrt(d));
  const keys = first(inputs.keys, (j) => ((j % k) / (k - 1)) * 2 - 1);
  return { inputs: { q, keys, values: inputs.values }, dOut: hostArray([h, N, d], dOut.data) };
}

/** Output, λ and gradients. */
const trial =
  ({ inputs, dOut }: Case) =>
  (k: Kernels): unknown => {
    const { out, saved } = attention.forward(k, upload<AttentionInputs>(k, inputs), { dropout: null });
    return { out, logSum: saved.logSum, ...attention.vjp(k, saved, upload<Tensor>(k, dOut)) };
  };

const sizes: readonly Sizes[] = [
  [1, 1, 1, 1],
  [2, 1, 5, 8],
  [2, 13, 197, 1],
  [1, 197, 197, 64],
  [2, 198, 198, 64],
  [1, 577, 577, 64],
  [1, 578, 578, 64],
  [2, 5, 901, 3],
  [1, 450, 7, 64],
  [1, 7, 40, 1024],
  [1, 3, 5, 1025],
];

describe.each(builds)("attention of the %s build", (build) => {
  const made = wasmEngine({ build });

  const error = async (of: Case): Promise<number> => {
    const [fused, expected]: readonly Leaves[] = [await evaluate(await made, trial(of)), await evaluate(referenceEngine(), trial(of))];
    return gapOfLeaves(fused ?? new Map(), expected ?? new Map());
  };

  it.each(sizes)("of %i heads, %i queries, %i keys, width %i gives the numbers of the reference engine", async (...of) => {
    expect(await error(drawnCase(drawOf(keyOf(1), "f32"), of))).toBeLessThanOrEqual(tolerances.parity.f32.bound);
  });

  it.each([
    [80, [2, 30, 577, 64]],
    [300, [1, 30, 198, 64]],
    [300, [1, 5, 1201, 8]],
  ] as const)("follows scores from −%i to as much along the keys, sizes %j", async (most, of) => {
    expect(await error(steepCase(drawOf(keyOf(2), "f32"), most, of))).toBeLessThanOrEqual(tolerances.parity.f32.bound);
  });

  it("computes a head, and each query, bitwise identically alone and among others", async () => {
    const { inputs, dOut } = drawnCase(drawOf(keyOf(3), "f32"), [3, 29, 311, 12]);
    const part = (head: number, [from, to]: readonly [number, number]): Case => {
      const cut = ({ shape, data }: HostArray, rows: readonly [number, number]): HostArray => {
        const [, n = 0, d = 0] = shape;
        const start = head * n * d;
        return hostArray([1, rows[1] - rows[0], d], data.subarray(start + rows[0] * d, start + rows[1] * d));
      };
      const keys = [0, 311] as const;
      const queries = [from, to] as const;
      return {
        inputs: { q: cut(inputs.q, queries), keys: cut(inputs.keys, keys), values: cut(inputs.values, keys) },
        dOut: cut(dOut, queries),
      };
    };
    const engine = await made;
    const all = await evaluate(engine, trial({ inputs, dOut }));
    const rowsOf = (name: string, head: number, [from, to]: readonly [number, number]): readonly number[] => {
      const { shape, data } = all.get(name) ?? hostArray([0], []);
      const [, n = 0, d = 0] = shape;
      return [...data.subarray((head * n + from) * d, (head * n + to) * d)];
    };
    for (const head of [0, 1, 2]) {
      const alone = await evaluate(engine, trial(part(head, [0, 29])));
      for (const [name, { shape, data }] of alone) expect([...data]).toEqual(rowsOf(name, head, [0, shape[1] ?? 0]));
    }
    const some = await evaluate(engine, trial(part(1, [5, 18])));
    for (const name of ["out", "logSum"]) expect([...(some.get(name)?.data ?? [])]).toEqual(rowsOf(name, 1, [5, 18]));
  });
});

describe("the memory of attention", () => {
  const [h, d] = [3, 64];

  /** Bytes that stay alive after a forward, and the most bytes while it and its vjp run, without the inputs. */
  function bytes(T: number, fused: boolean): { readonly saved: number; readonly peak: number } {
    const engine = fused ? abstractEngine(fusedKernels(null)) : abstractEngine();
    const k = engine.kernels;
    const [q, keys, v, dO] = [0, 1, 2, 3].map(() => k.zeros([h, T, d]));
    if (q === undefined || keys === undefined || v === undefined || dO === undefined) throw new Error("four tensors");
    const before = engine.memory().live;
    const { saved } = attention.forward(k, { q, keys, values: v }, { dropout: null });
    const after = engine.memory().live;
    attention.vjp(k, saved, dO);
    return { saved: after - before, peak: engine.memory().peak - before };
  }

  it.each([true, false])("between forward and vjp is O and one number per row (fused: %s)", (fused) => {
    for (const T of [64, 128, 1024]) expect(bytes(T, fused).saved).toBe(4 * size([h, T, d + 1]));
  });

  it("grows linearly with the tokens, not with their square", () => {
    for (const T of [64, 128, 1024]) expect(bytes(2 * T, true).peak).toBe(2 * bytes(T, true).peak);
  });
});
