/** Softmax and its logarithm over the last axis (E18), (G2), (G3), a row at a time. */
import { logSoftmax } from "../../../ops/logSoftmax.ts";
import { fuse } from "../../../ops/observe.ts";
import { softmax } from "../../../ops/softmax.ts";
import { axis, type Tensor } from "../../../tensor/tensor.ts";
import { exponential, logarithm } from "../kernels/math.ts";
import { eachOfRow, fillRow, rowGroups, rowText, rowTeam, type RowTeam } from "../kernels/rows.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import type { Access } from "../run.ts";
import { rowsOf, type FusedKernel } from "./kernel.ts";

/** `most`, the largest z of a row, and `sum`, Σ exp(z − most). A thread beyond the end of a short row begins with the row's first number. */
export const sumOfRow: string = `  var own = load_z(at);
${eachOfRow("own = max(own, load_z(at + j));")}  let most = max_of(own);
  var part_sum = 0.0;
${eachOfRow("part_sum += exp_of(load_z(at + j) - most);")}  let sum = sum_of(part_sum);
`;

const forwardProgram = variants((logs: boolean, team: RowTeam, ofZ: Storage): Program => {
  const rows = rowText(team);
  const value = (i: string): string => (logs ? `load_z(${i}) - most - log_sum` : `exp_of(load_z(${i}) - most) / sum`);
  return program({
    ...rows,
    name: logs ? "logSoftmax" : "softmax",
    tensors: { s: "f32", z: ofZ },
    params: { rows: "u32", n: "u32" },
    declarations: `${rows.declarations}${exponential}${logarithm}`,
    main: `${rows.head}${sumOfRow}  let log_sum = log_of(sum);
${fillRow("f32", { s: value })}`,
  });
});

/** z̄ = s ⊙ (s̄ − ⟨s̄, s⟩), or ℓ̄ − e^ℓ ⊙ ⟨ℓ̄, 1⟩. */
const vjpProgram = variants((logs: boolean, team: RowTeam, ofS: Storage, ofDs: Storage): Program => {
  const rows = rowText(team);
  const value = (i: string): string => (logs ? `load_ds(${i}) - exp_of(load_s(${i})) * along` : `load_s(${i}) * (load_ds(${i}) - along)`);
  return program({
    ...rows,
    name: logs ? "logSoftmax vjp" : "softmax vjp",
    tensors: { dz: "f32", s: ofS, ds: ofDs },
    params: { rows: "u32", n: "u32" },
    declarations: `${rows.declarations}${exponential}`,
    main: `${rows.head}  var part_along = 0.0;
${eachOfRow(`part_along += load_ds(at + j)${logs ? "" : " * load_s(at + j)"};`)}  let along = sum_of(part_along);
${fillRow("f32", { dz: value })}`,
  });
});

function byRows({ facts, run }: Access, made: (team: RowTeam) => Program, ...tensors: readonly [Tensor, ...Tensor[]]): void {
  const [{ shape }] = tensors;
  const [rows, n] = [rowsOf(shape), axis(shape, -1)];
  const team = rowTeam(facts, n);
  run({ program: made(team), params: [rows, n], groups: rowGroups(team, rows) }, ...tensors);
}

export const softmaxKernel: FusedKernel = (access, { take }) => {
  const { storage } = access;
  const kernel: typeof softmax = {
    name: softmax.name,
    forward: (_, { z }) => {
      const s = take(z.shape);
      byRows(access, (team) => forwardProgram(false, team, storage(z)), s, z);
      return { out: s, saved: { s } };
    },
    vjp: (_, { s }, ds) => {
      const dz = take(s.shape);
      byRows(access, (team) => vjpProgram(false, team, storage(s), storage(ds)), dz, s, ds);
      return { z: dz };
    },
  };
  return fuse(softmax, kernel);
};

export const logSoftmaxKernel: FusedKernel = (access, { take }) => {
  const { storage } = access;
  const kernel: typeof logSoftmax = {
    name: logSoftmax.name,
    forward: (_, { z }) => {
      const logProbs = take(z.shape);
      byRows(access, (team) => forwardProgram(true, team, storage(z)), logProbs, z);
      return { out: logProbs, saved: { logProbs } };
    },
    vjp: (_, { logProbs }, d) => {
      const dz = take(logProbs.shape);
      byRows(access, (team) => vjpProgram(true, team, storage(logProbs), storage(d)), dz, logProbs, d);
      return { z: dz };
    },
  };
  return fuse(logSoftmax, kernel);
};
