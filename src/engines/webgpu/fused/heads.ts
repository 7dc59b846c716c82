/** `splitHeads` and `mergeHeads`, between the columns of a matrix and heads (E6), (E8). */
import { fuse } from "../../../ops/observe.ts";
import { mergeHeads, splitHeads } from "../../../ops/splitHeads.ts";
import { size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import type { HeapAccess } from "../../heap.ts";
import { range } from "../kernels/text.ts";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Program } from "../program.ts";
import type { Access } from "../run.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** WGSL: an index, an accessor's suffix, and a factor of indices, for a thread that has one element, or a pair of them. */
const accessOf = (pairs: boolean): { readonly suffix: "" | "2"; readonly step: 1 | 2 } =>
  pairs ? { suffix: "2", step: 2 } : { suffix: "", step: 1 };

/** A thread for each element, or for each pair. */
const movingProgram = (pairs: boolean): typeof elementProgram => (pairs ? pairProgram : elementProgram);
const movingDispatch = (pairs: boolean): typeof elementDispatch => (pairs ? pairDispatch : elementDispatch);

/**
 * Copies a matrix [B, T, roles · h · d] to one tensor [B, h, T, d] for each role, in the order of the matrix.
 *
 * @param pairs whether a thread copies two elements; d must be even
 */
const splitProgram = memoized((roles: 1 | 3, pairs: boolean, ofMatrix: Storage, ofHeads: Storage): Program => {
  const { suffix, step } = accessOf(pairs);
  const names = range(roles).map((role) => `heads${role}`);
  const moved = names.map((name, role) => `  if (role == ${role}u) { store${suffix}_${name}(to / ${step}u, x); }\n`).join("");
  return movingProgram(pairs)({
    name: "splitHeads",
    tensors: { matrix: ofMatrix, ...Object.fromEntries(names.map((name) => [name, ofHeads])) },
    params: { T: "u32", h: "u32", d: "u32" },
    along: ["matrix"],
    covers: names,
    main: (at) => `  let x = load${suffix}_matrix(${at});
  let place = ${step}u * ${at};
  let column = place % p.d;
  let head = (place / p.d) % p.h;
  let role = (place / (p.d * p.h)) % ${roles}u;
  let row = place / (p.d * p.h * ${roles}u);
  let to = (((row / p.T) * p.h + head) * p.T + row % p.T) * p.d + column;
${moved}`,
  });
});

/** Copies the heads of one role to their columns of the matrix, in the order of the heads. */
const mergeProgram = memoized((role: number, roles: 1 | 3, pairs: boolean, ofMatrix: Storage, ofHeads: Storage): Program => {
  const { suffix, step } = accessOf(pairs);
  return movingProgram(pairs)({
    name: "mergeHeads",
    tensors: { matrix: ofMatrix, heads: ofHeads },
    params: { T: "u32", h: "u32", d: "u32" },
    along: ["heads"],
    ...(roles === 1 ? { covers: ["matrix"] } : { partial: ["matrix"] }),
    main: (at) => `  let place = ${step}u * ${at};
  let column = place % p.d;
  let token = (place / p.d) % p.T;
  let head = (place / (p.d * p.T)) % p.h;
  let row = (place / (p.d * p.T * p.h)) * p.T + token;
  let to = ((row * ${roles}u + ${role}u) * p.h + head) * p.d + column;
  store${suffix}_matrix(to / ${step}u, load${suffix}_heads(${at}));`,
  });
});

/** The heads of each role, each [B, h, T, d], all stored alike. */
type Heads = readonly [Tensor] | readonly [Tensor, Tensor, Tensor];

function split({ run, storage }: Access, matrix: Tensor, heads: Heads): void {
  const [, h = 0, T = 0, d = 0] = heads[0].shape;
  const pairs = d % 2 === 0;
  const made = splitProgram(heads.length, pairs, storage(matrix), storage(heads[0]));
  run(movingDispatch(pairs)(made, size(matrix.shape), [T, h, d]), matrix, ...heads);
}

/** A dispatch for each role, so that each can follow the program that makes its heads. */
function merge({ run, storage }: Access, matrix: Tensor, heads: Heads): void {
  const [, h = 0, T = 0, d = 0] = heads[0].shape;
  const pairs = d % 2 === 0;
  for (const [role, one] of heads.entries()) {
    const made = mergeProgram(role, heads.length, pairs, storage(matrix), storage(one));
    run(movingDispatch(pairs)(made, size(one.shape), [T, h, d]), matrix, one);
  }
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
      split(access, qkv, [out.q, out.keys, out.values]);
      return { out, saved: null };
    },
    vjp: (_, _saved, { q, keys: k, values: v }) => {
      const [B = 0, h = 0, T = 0, d = 0] = q.shape;
      const qkv = takeMatrix(access, heap, [B, T, 3 * h * d], d);
      merge(access, qkv, [q, k, v]);
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
      merge(access, merged, [o]);
      return { out: merged, saved: { heads: h } };
    },
    vjp: (_, { heads: h }, dOut) => {
      const [B = 0, T = 0, D = 0] = dOut.shape;
      const dO = takeActivation(access, heap, [B, h, T, D / h]);
      split(access, dOut, [dO]);
      return { o: dO };
    },
  };
  return fuse(mergeHeads, kernel);
};
