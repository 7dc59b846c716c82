/** The rule of the loss scale (train/optimizer/lossScale.ts) in one dispatch of one thread. */
import { fuse } from "../../../ops/observe.ts";
import { GROWTH_INTERVAL, LARGEST, nextLossScale, SMALLEST } from "../../../train/optimizer/lossScale.ts";
import { MOST_SKIPPED } from "../../../train/optimizer/skippedSteps.ts";
import { program, type Program } from "../program.ts";
import type { FusedKernel } from "./kernel.ts";

const ruleProgram: Program = program({
  name: "lossScale",
  tensors: { nextScale: "f32", nextClean: "f32", nextSkipped: "f32", scale: "f32", clean: "f32", skipped: "f32", finite: "f32" },
  params: { interval: "f32", most: "f32", least: "f32", countable: "f32" },
  workgroup: [1, 1, 1],
  main: `  let S = load_scale(0u);
  let n = load_clean(0u) + 1.0;
  let s = load_skipped(0u);
  let f = load_finite(0u) != 0.0;
  let ripe = n >= p.interval;
  let grown = select(1.0, 2.0, f && ripe && S <= p.most);
  store_nextScale(0u, S * select(grown, 0.5, !f && S >= p.least));
  store_nextClean(0u, select(0.0, n, f && !ripe));
  store_nextSkipped(0u, s + select(0.0, 1.0, !f && s <= p.countable));`,
});

export const lossScaleKernel: FusedKernel = ({ run }, { take }) => {
  const kernel: typeof nextLossScale = {
    name: nextLossScale.name,
    run: (k, { finite, ...old }) => {
      const next = { scale: take([]), clean: take([]), skipped: take([]) };
      const params = [GROWTH_INTERVAL, LARGEST / 2, 2 * SMALLEST, MOST_SKIPPED - 1];
      const operands = [next.scale, next.clean, next.skipped, old.scale, old.clean, old.skipped, finite];
      run({ program: ruleProgram, params, groups: [1, 1, 1] }, ...operands);
      k.donate(old);
      return next;
    },
  };
  return fuse(nextLossScale, kernel);
};
