/** Cross-entropy (E19), (G4): ℓ and each row's share of the loss, then their sum. */
import { crossEntropy } from "../../../losses/crossEntropy.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import { exponential, logarithm } from "../kernels/math.ts";
import { sumLaunch } from "../kernels/reduce.ts";
import { eachOfRow, fillRow, rowGroups, rowText, rowTeam, type RowTeam } from "../kernels/rows.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import type { FusedKernel } from "./kernel.ts";
import { sumOfRow } from "./softmax.ts";

const forwardProgram = variants((team: RowTeam, ofZ: Storage, ofQ: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows,
    name: "crossEntropy",
    tensors: { losses: "f32", logProbs: "f32", z: ofZ, q: ofQ },
    params: { rows: "u32", n: "u32" },
    declarations: `${rows.declarations}${exponential}${logarithm}`,
    main: `${rows.head}${sumOfRow}  let log_sum = log_of(sum);
  var part_loss = 0.0;
${eachOfRow("let log_prob = load_z(at + j) - most - log_sum; store_logProbs(at + j, log_prob); part_loss += load_q(at + j) * log_prob;")}  let loss = sum_of(part_loss);
  if (leads) { store_losses(row, loss); }`,
  });
});

const vjpProgram = variants((team: RowTeam, ofQ: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows,
    name: "crossEntropy vjp",
    tensors: { dz: "f32", logProbs: "f32", q: ofQ, dLoss: "f32" },
    params: { rows: "u32", n: "u32" },
    declarations: `${rows.declarations}${exponential}`,
    main: `${rows.head}  var part_mass = 0.0;
${eachOfRow("part_mass += load_q(at + j);")}  let mass = sum_of(part_mass);
  let factor = load_dLoss(0u) / f32(p.rows);
${fillRow("f32", { dz: (i) => `(exp_of(load_logProbs(${i})) * mass - load_q(${i})) * factor` })}`,
  });
});

export const crossEntropyKernel: FusedKernel = ({ facts, run, storage }, { take }) => {
  const kernel: typeof crossEntropy = {
    name: crossEntropy.name,
    forward: (_, { logits }, { target }) => {
      const [B, K] = [axis(logits.shape, 0), axis(logits.shape, 1)];
      const [loss, logProbs, losses] = [take([]), take(logits.shape), take([B])];
      const team = rowTeam(facts, K);
      const launch = { program: forwardProgram(team, storage(logits), storage(target)), params: [B, K], groups: rowGroups(team, B) };
      run(launch, losses, logProbs, logits, target);
      run(sumLaunch(facts, "f32", 1, B, -1 / B), loss, losses);
      return { out: loss, saved: { logProbs, target } };
    },
    vjp: (_, { logProbs, target }, dLoss) => {
      const dz = take(logProbs.shape);
      const [B, K] = [axis(dz.shape, 0), axis(dz.shape, 1)];
      const team = rowTeam(facts, K);
      run({ program: vjpProgram(team, storage(target)), params: [B, K], groups: rowGroups(team, B) }, dz, logProbs, target, dLoss);
      return { logits: dz };
    },
  };
  return fuse(crossEntropy, kernel);
};
