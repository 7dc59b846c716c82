/** `splitHeads` and `mergeHeads`, between the columns of a matrix and heads (E6), (E8): one dispatch each. */
import { fuse } from "../../../ops/observe.ts";
import { mergeHeads, splitHeads } from "../../../ops/splitHeads.ts";
import { size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import type { HeapAccess } from "../../heap.ts";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Program } from "../program.ts";
import type { Access } from "../run.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/**
 * Copies between a matrix [B, T, roles · h · d] and one tensor [B, h, T, d] for each role.
 *
 * @param pairs whether a thread copies two elements; d must be even
 */
const headsProgram = memoized((split: boolean, roles: 1 | 3, pairs: boolean, ofMatrix: Storage, ofHeads: Storage): Program => {
  const [suffix, step] = pairs ? ["2", 2] : ["", 1];
  const names = Array.from({ length: roles }, (_, role) => `heads${role}`);
  const moved = (name: string, role: number): string => {
    const [inMatrix, inHeads] = [`(place + ${role}u * p.h * p.d) / ${step}u`, `i / ${step}u`];
    return split
      ? `  store${suffix}_${name}(${inHeads}, load${suffix}_matrix(${inMatrix}));\n`
      : `  store${suffix}_matrix(${inMatrix}, load${suffix}_${name}(${inHeads}));\n`;
  };
  const copy = (i: string): string => `  let column = ${i} % p.d;
  let token = (${i} / p.d) % p.T;
  let head = (${i} / (p.d * p.T)) % p.h;
  let sample = ${i} / (p.d * p.T * p.h);
  let place = (sample * p.T + token) * p.h * p.d * ${roles}u + head * p.d + column;
${names.map(moved).join("")}`;
  const text = {
    name: split ? "splitHeads" : "mergeHeads",
    tensors: { matrix: ofMatrix, ...Object.fromEntries(names.map((name) => [name, ofHeads])) },
    params: { T: "u32", h: "u32", d: "u32" },
  } as const;
  return pairs
    ? pairProgram({ ...text, main: (pair) => `  let i = 2u * ${pair};\n${copy("i")}` })
    : elementProgram({ ...text, main: copy });
});

/** @param heads each [B, h, T, d], all stored alike */
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
  run((pairs ? pairDispatch : elementDispatch)(made, n, [T, h, d]), matrix, ...heads);
}

/** Memory for a matrix [B, T, D] of heads of width d, which f16 needs to be written in pairs: no pair may belong to two heads. */
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
