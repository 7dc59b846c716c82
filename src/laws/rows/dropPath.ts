/** (E31): the multipliers of drop path against those of the uniform draws, and their mean. */
import type { Draw } from "../../check/draw.ts";
import { evaluate, hostArray, upload } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import type { Engine } from "../../kernels/engine.ts";
import { dropPathMultipliers } from "../../ops/dropPath.ts";
import { residual } from "../../ops/residual.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { errorOf, type Claim } from "../cases/claim.ts";
import { at, tabulate } from "../loops/matrix.ts";
import { multiplier } from "../loops/recipe.ts";
import { mapped } from "../loops/rows.ts";

/** Number of draws in the mean of one case. */
const SAMPLES = 4000;

/** Bitwise: every multiplier is that of its own draw, a branch is multiplied sample by sample, and without a rate there are no multipliers. */
function maskClaims(draw: Draw): readonly Claim[] {
  const [key, B] = [draw.key(), draw.integer(1, 9)];
  const rates = [0, ...Array.from({ length: draw.integer(1, 3) }, () => draw.real(0.05, 0.7))];
  const masks = rates.map((rate, i) => ({
    attn: mapped(multiplier(key, `blocks.${i}.attn`, rate, B), draw.round),
    mlp: mapped(multiplier(key, `blocks.${i}.mlp`, rate, B), draw.round),
  }));
  const last = masks.at(-1)?.mlp ?? hostArray([0], []);
  const branch = draw.array([B, 2, 3]);
  return [
    { actual: (k) => dropPathMultipliers(k, key, rates, B), expected: masks },
    {
      actual: (k) => {
        const m = dropPathMultipliers(k, key, rates, B)?.at(-1)?.mlp ?? null;
        return residual.forward(k, { x: k.zeros([B, 2, 3]), branch: upload<Tensor>(k, branch) }, { multiplier: m }).out;
      },
      expected: tabulate([B, 2, 3], (b, t, c) => draw.round(at(last, b) * at(branch, b, t, c))),
    },
    { actual: (k) => dropPathMultipliers(k, key, [0, 0], B), expected: null },
  ];
}

/** How far the mean of the multipliers is from 1, in standard deviations of a mean of this many multipliers. */
async function meanDeviations(engine: Engine, draw: Draw): Promise<number> {
  const [key, rate] = [draw.key(), draw.real(0.05, 0.6)];
  const multipliers = await evaluate(engine, (k) => dropPathMultipliers(k, key, [rate], SAMPLES));
  const deviation = Math.sqrt(rate / (1 - rate) / SAMPLES);
  const means = [...multipliers.values()].map(({ data }) => data.reduce((a, b) => a + b, 0) / SAMPLES);
  return Math.max(...means.map((mean) => Math.abs(mean - 1) / deviation));
}

export const dropPathRow: Row = {
  id: "E31",
  title: "drop-path multipliers: those of the uniform draws, with mean 1",
  tolerance: tolerances.deviations,
  error: async (engine, draw) => {
    const exact = (await errorOf(engine, maskClaims(draw))) === 0;
    return exact ? meanDeviations(engine, draw) : Infinity;
  },
};
