/** Cross-entropy (E19), (G4): a dispatch for ℓ and the loss of each row, and one that adds these up. */
import { crossEntropy } from "../../../losses/crossEntropy.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import { exponential, logarithm } from "../kernels/math.ts";
import { sumDispatch } from "../kernels/reduce.ts";
import { rowGroups, rowText, rowTeam, type RowTeam } from "../kernels/rows.ts";
import type { Storage } from "../accessors.ts";
import { memoized, program, type Program } from "../program.ts";
import type { FusedKernel } from "./kernel.ts";
import { sumOfRow } from "./softmax.ts";

const forwardProgram = memoized((team: RowTeam, ofZ: Storage, ofQ: Storage): Program => {
  const rows = rowText(team);
  const { code, most, sum, uses } = sumOfRow(rows);
  return program({
    ...rows.common,
    name: "crossEntropy",
    tensors: { losses: "f32", logProbs: "f32", z: ofZ, q: ofQ },
    params: { rows: "u32", n: "u32" },
    declarations: [...rows.common.declarations, uses, logarithm],
    main: `${rows.head}${code}  let log_sum = log_of(${sum});
  var part_loss = 0.0;
${rows.each((i) => `let log_prob = load_z(${i}) - ${most} - log_sum; store_logProbs(${i}, log_prob); part_loss += load_q(${i}) * log_prob;`)}  let loss = ${rows.sum("part_loss")};
  if (${rows.leads}) { store_losses(${rows.row}, loss); }`,
  });
});

const vjpProgram = memoized((team: RowTeam, ofQ: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows.common,
    name: "crossEntropy vjp",
    tensors: { dz: "f32", logProbs: "f32", q: ofQ, dLoss: "f32" },
    params: { rows: "u32", n: "u32" },
    declarations: [...rows.common.declarations, exponential],
    main: `${rows.head}  var part_mass = 0.0;
${rows.each((i) => `part_mass += load_q(${i});`)}  let mass = ${rows.sum("part_mass")};
  let factor = load_dLoss(0u) / f32(p.rows);
${rows.fill(1, { dz: (i) => `(exp_of(load_logProbs(${i})) * mass - load_q(${i})) * factor` })}`,
  });
});

export const crossEntropyKernel: FusedKernel = ({ capabilities, run, storage }, { take }) => {
  const kernel: typeof crossEntropy = {
    name: crossEntropy.name,
    forward: (_, { logits }, { target }) => {
      const [B, K] = [axis(logits.shape, 0), axis(logits.shape, 1)];
      const [loss, logProbs, losses] = [take([]), take(logits.shape), take([B])];
      const team = rowTeam(capabilities, K);
      const dispatch = { program: forwardProgram(team, storage(logits), storage(target)), params: [B, K], groups: rowGroups(team, B) };
      run(dispatch, losses, logProbs, logits, target);
      run(sumDispatch(capabilities, "f32", 1, B, -1 / B), loss, losses);
      return { out: loss, saved: { logProbs, target } };
    },
    vjp: (_, { logProbs, target }, dLoss) => {
      const dz = take(logProbs.shape);
      const [B, K] = [axis(dz.shape, 0), axis(dz.shape, 1)];
      const team = rowTeam(capabilities, K);
      run({ program: vjpProgram(team, storage(target)), params: [B, K], groups: rowGroups(team, B) }, dz, logProbs, target, dLoss);
      return { logits: dz };
    },
  };
  return fuse(crossEntropy, kernel);
};
