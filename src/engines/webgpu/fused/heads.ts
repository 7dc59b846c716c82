/** Heads out of the columns of a matrix and back (E6), (E8): what `splitHeads` and `mergeHeads` move, in one launch each. */
import { fuse } from "../../../ops/observe.ts";
import { mergeHeads, splitHeads } from "../../../ops/splitHeads.ts";
import { size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import type { HeapAccess } from "../../heap.ts";
import { EACH_PAIR, eachPair, EACH, each } from "../kernels/elementwise.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import type { Access } from "../run.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/**
 * Between a matrix [B, T, roles · h · d] and as many tensors [B, h, T, d]. Numbers go in pairs if d is even.
 *
 * @param ofMatrix, ofHeads storage on either side
 */
const headsProgram = variants((split: boolean, roles: 1 | 3, pairs: boolean, ofMatrix: Storage, ofHeads: Storage): Program => {
  const [suffix, step, start] = pairs ? ["2", 2, `${EACH_PAIR}  let i = 2u * pair;\n`] : ["", 1, EACH];
  const names = Array.from({ length: roles }, (_, role) => `heads${role}`);
  const moved = (name: string, role: number): string => {
    const [inMatrix, inHeads] = [`(place + ${role}u * p.h * p.d) / ${step}u`, `i / ${step}u`];
    return split
      ? `  store${suffix}_${name}(${inHeads}, load${suffix}_matrix(${inMatrix}));\n`
      : `  store${suffix}_matrix(${inMatrix}, load${suffix}_${name}(${inHeads}));\n`;
  };
  return program({
    name: split ? "splitHeads" : "mergeHeads",
    tensors: { matrix: ofMatrix, ...Object.fromEntries(names.map((name) => [name, ofHeads])) },
    params: { n: "u32", T: "u32", h: "u32", d: "u32" },
    workgroup: [256, 1, 1],
    main: `${start}  let column = i % p.d;
  let token = (i / p.d) % p.T;
  let head = (i / (p.d * p.T)) % p.h;
  let sample = i / (p.d * p.T * p.h);
  let place = (sample * p.T + token) * p.h * p.d * ${roles}u + head * p.d + column;
${names.map(moved).join("")}`,
  });
});

/** @param heads of one storage, each [B, h, T, d] */
function move(
  { run, storage }: Access,
  split: boolean,
  matrix: Tensor,
  heads: readonly [Tensor] | readonly [Tensor, Tensor, Tensor],
): void {
  const { shape } = heads[0];
  const [, h = 0, T = 0, d = 0] = shape;
  const [n, pairs] = [size(shape), d % 2 === 0];
  const made = headsProgram(split, heads.length, pairs, storage(matrix), storage(heads[0]));
  run({ program: made, params: [n, T, h, d], groups: pairs ? eachPair(n) : each(n) }, matrix, ...heads);
}

/** The matrix [B, T, D] of heads of width d, which is written in pairs only if no pair belongs to two heads. */
const takeMatrix = (access: Access, heap: HeapAccess, shape: Shape, d: number): Tensor =>
  d % 2 === 0 ? takeActivation(access, heap, shape) : heap.take(shape);

export const splitHeadsKernel: FusedKernel = (access, heap) => {
  const kernel: typeof splitHeads = {
    name: splitHeads.name,
    forward: (_, { qkv }, { heads: h }) => {
      const [B = 0, T = 0, threeD = 0] = qkv.shape;
      const d = threeD / 3 / h;
      const role = (): Tensor => takeActivation(access, heap, [B, h, T, d]);
      const out = { q: role(), keys: role(), values: role() };
      move(access, true, qkv, [out.q, out.keys, out.values]);
      return { out, saved: null };
    },
    vjp: (_, _saved, { q, keys: k, values: v }) => {
      const [B = 0, h = 0, T = 0, d = 0] = q.shape;
      const qkv = takeMatrix(access, heap, [B, T, 3 * h * d], d);
      move(access, false, qkv, [q, k, v]);
      return { qkv };
    },
  };
  return fuse(splitHeads, kernel);
};

export const mergeHeadsKernel: FusedKernel = (access, heap) => {
  const kernel: typeof mergeHeads = {
    name: mergeHeads.name,
    forward: (_, { o }) => {
      const [B = 0, h = 0, T = 0, d = 0] = o.shape;
      const merged = takeMatrix(access, heap, [B, T, h * d], d);
      move(access, false, merged, [o]);
      return { out: merged, saved: { heads: h } };
    },
    vjp: (_, { heads: h }, dOut) => {
      const [B = 0, T = 0, D = 0] = dOut.shape;
      const dO = takeActivation(access, heap, [B, h, T, D / h]);
      move(access, true, dOut, [dO]);
      return { o: dO };
    },
  };
  return fuse(mergeHeads, kernel);
};
