/** Programs of many ops with epilogues: bitwise what they are without, whatever is freed on the way. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { layerNorm } from "../../src/ops/layerNorm.ts";
import { linear } from "../../src/ops/linear.ts";
import { residual } from "../../src/ops/residual.ts";
import { mergeHeads, splitHeads } from "../../src/ops/splitHeads.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { WebgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { lane } from "../helpers/lane.ts";
import { choices, webgpuWith, type KernelChoice } from "../helpers/webgpu.ts";

const [B, T, D, HEADS] = [2, 3, 8, 2];

/** Ops on activations [B, T, D]; `other` is one of them too. */
interface Operands {
  readonly k: Kernels;
  readonly x: Tensor;
  readonly other: Tensor;
  readonly square: Tensor;
  readonly vector: Tensor;
  readonly multiplier: Tensor;
}

const heads = (k: Kernels, matrix: Tensor): Tensor => mergeHeads.vjp(k, { heads: HEADS }, matrix).o;

const ops: readonly ((operands: Operands) => readonly Tensor[])[] = [
  ({ k, x, square, vector }) => [linear.forward(k, { x, params: { weight: square, bias: vector } }).out],
  ({ k, x, other, square }) => {
    const d = linear.vjp(k, { x, weight: square }, other);
    k.donate(d.params);
    return [d.x];
  },
  ({ k, x }) => [gelu.forward(k, { x }).out],
  ({ k, x, other }) => [gelu.vjp(k, { x }, other).x],
  ({ k, x, other, multiplier }) => [residual.forward(k, { x, branch: other }, { multiplier }).out],
  ({ k, x, multiplier }) => [residual.vjp(k, { multiplier }, x).branch],
  ({ k, x, vector }) => {
    const { out, saved } = layerNorm.forward(k, { x, params: { weight: vector, bias: vector } }, { eps: 1e-6 });
    const d = layerNorm.vjp(k, saved, out);
    k.donate([saved.xHat, saved.rstd, d.params]);
    return [out, d.x];
  },
  ({ k, x, other }) => [k.add(x, other)],
  ({ k, x, vector }) => [k.mul(x, vector)],
  ({ k, x }) => {
    const split = splitHeads.forward(k, { qkv: k.concat([x, x, x], 2) }, { heads: HEADS }).out;
    const merged = mergeHeads.forward(k, { o: split.keys }).out;
    k.donate(split);
    return [merged];
  },
  ({ k, x, square }) => {
    const o = heads(k, k.matmul(x, square));
    const merged = mergeHeads.forward(k, { o }).out;
    k.donate(o);
    return [merged];
  },
];

interface Step {
  readonly op: number;
  readonly x: number;
  readonly other: number;
  readonly freed: number | null;
}

const steps = fc.array(
  fc.record<Step>({
    op: fc.nat(ops.length - 1),
    x: fc.nat(),
    other: fc.nat(),
    freed: fc.option(fc.nat(), { nil: null }),
  }),
  { minLength: 2, maxLength: 12 },
);

/** The bits of all tensors that are alive at the end. */
async function outcome(engine: WebgpuEngine, program: readonly Step[]): Promise<readonly Uint32Array[]> {
  const { kernels: k } = engine;
  const constants = { square: k.uniform(keyOf(1), [D, D]), vector: k.uniform(keyOf(2), [D]), multiplier: k.uniform(keyOf(3), [B]) };
  const live: Tensor[] = [k.uniform(keyOf(4), [B, T, D]), k.uniform(keyOf(5), [B, T, D])];
  const pick = (i: number): Tensor => live[i % live.length] ?? constants.vector;
  for (const { op, x, other, freed } of program) {
    const result = ops[op]?.({ k, x: pick(x), other: pick(other), ...constants }) ?? [];
    live.push(...result);
    if (freed !== null && live.length > 2) engine.release(live.splice(freed % live.length, 1));
  }
  const numbers = await Promise.all(live.map((t) => engine.read(t)));
  engine.release([live, constants]);
  return numbers.map((one) => new Uint32Array(Float32Array.from(one).buffer));
}

/** `npm test` compiles programs for software adapters only, which takes SwiftShader least. */
const inThisLane = ({ software, precision }: KernelChoice): boolean => lane !== "fast" || (software && precision === "f16");

onGpu("epilogues", () => {
  it.each(choices.filter(inThisLane))("change no bit of what random programs compute, with $name", async (choice) => {
    const engineWith = async (epilogues: boolean): Promise<WebgpuEngine> => webgpuWith(await gpuDevice(), { ...choice, epilogues });
    const [fused, plain] = [await engineWith(true), await engineWith(false)];
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        expect(await outcome(fused, program)).toEqual(await outcome(plain, program));
      }),
      { numRuns: lane === "fast" ? 8 : 40 },
    );
    fused.close();
    plain.close();
  });

  it("take the dispatches of a split, a merge, GELU and a residual sum", async () => {
    const dispatchesOf = async (epilogues: boolean): Promise<number> => {
      const engine = webgpuWith(await gpuDevice(), { software: false, precision: "f16", epilogues });
      const { kernels: k } = engine;
      const [x, square, multiplier] = [k.uniform(keyOf(1), [B, T, D]), k.uniform(keyOf(2), [D, D]), k.uniform(keyOf(3), [B])];
      await engine.finish();
      const before = engine.sent().dispatches;
      const o = heads(k, k.matmul(x, square));
      const merged = mergeHeads.forward(k, { o }).out;
      const hidden = linear.forward(k, { x: merged, params: { weight: square, bias: k.uniform(keyOf(4), [D]) } }).out;
      const branch = k.matmul(gelu.forward(k, { x: hidden }).out, square);
      residual.forward(k, { x, branch }, { multiplier });
      await engine.finish();
      const { dispatches } = engine.sent();
      engine.close();
      return dispatches - before;
    };
    expect((await dispatchesOf(false)) - (await dispatchesOf(true))).toBe(4);
  });
});
