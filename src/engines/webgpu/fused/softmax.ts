/** Softmax and log-softmax over the last axis (E18), (G2), (G3): a team of threads for each row. */
import { logSoftmax } from "../../../ops/logSoftmax.ts";
import { fuse } from "../../../ops/observe.ts";
import { softmax } from "../../../ops/softmax.ts";
import { axis, type Tensor } from "../../../tensor/tensor.ts";
import { exponential, logarithm } from "../kernels/math.ts";
import { rowGroups, rowText, rowTeam, type RowTeam, type RowText } from "../kernels/rows.ts";
import type { Storage } from "../accessors.ts";
import { memoized, program, type Declarations, type Program } from "../program.ts";
import type { Access } from "../run.ts";
import { rowsOf, type FusedKernel } from "./kernel.ts";

/** Statements that find the sum of exponentials of the thread's row of z, and the WGSL names of what they declare. */
interface RowSum {
  readonly code: string;
  /** The largest number of the row. */
  readonly most: string;
  /** Σ exp(z − most) */
  readonly sum: string;
  /** What the statements use. */
  readonly uses: Declarations;
}

/** A thread beyond the end of a short row starts from the row's first number, which changes no maximum. */
export const sumOfRow = (rows: RowText): RowSum => ({
  code: `  var own = load_z(${rows.first});
${rows.each((i) => `own = max(own, load_z(${i}));`)}  let most = ${rows.max("own")};
  var part_sum = 0.0;
${rows.each((i) => `part_sum += exp_of(load_z(${i}) - most);`)}  let sum = ${rows.sum("part_sum")};
`,
  most: "most",
  sum: "sum",
  uses: exponential,
});

const forwardProgram = memoized((logs: boolean, team: RowTeam, ofZ: Storage): Program => {
  const rows = rowText(team);
  const { code, most, sum, uses } = sumOfRow(rows);
  const value = (i: string): string => (logs ? `load_z(${i}) - ${most} - log_sum` : `exp_of(load_z(${i}) - ${most}) / ${sum}`);
  return program({
    ...rows.common,
    name: logs ? "logSoftmax" : "softmax",
    tensors: { s: "f32", z: ofZ },
    params: { rows: "u32", n: "u32" },
    declarations: [...rows.common.declarations, uses, logarithm],
    main: `${rows.head}${code}  let log_sum = log_of(${sum});
${rows.fill(1, { s: value })}`,
  });
});

/** z̄ = s ⊙ (s̄ − ⟨s̄, s⟩), or ℓ̄ − e^ℓ ⊙ ⟨ℓ̄, 1⟩. */
const vjpProgram = memoized((logs: boolean, team: RowTeam, ofS: Storage, ofDs: Storage): Program => {
  const rows = rowText(team);
  const value = (i: string): string => (logs ? `load_ds(${i}) - exp_of(load_s(${i})) * along` : `load_s(${i}) * (load_ds(${i}) - along)`);
  return program({
    ...rows.common,
    name: logs ? "logSoftmax vjp" : "softmax vjp",
    tensors: { dz: "f32", s: ofS, ds: ofDs },
    params: { rows: "u32", n: "u32" },
    declarations: [...rows.common.declarations, exponential],
    main: `${rows.head}  var part_along = 0.0;
${rows.each((i) => `part_along += load_ds(${i})${logs ? "" : ` * load_s(${i})`};`)}  let along = ${rows.sum("part_along")};
${rows.fill(1, { dz: value })}`,
  });
});

function byRows({ capabilities, run }: Access, made: (team: RowTeam) => Program, ...tensors: readonly [Tensor, ...Tensor[]]): void {
  const [{ shape }] = tensors;
  const [rows, n] = [rowsOf(shape), axis(shape, -1)];
  const team = rowTeam(capabilities, n);
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
