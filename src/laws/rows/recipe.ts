/** Rows of sizes and of the recipe, (E28) to (E32) and (E35) to (E37): the project against plain loops (loops/recipe.ts). */
import type { Draw } from "../../check/draw.ts";
import { upload } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { dropPathRates } from "../../ops/dropPath.ts";
import { adamw, type Moments } from "../../train/optimizer/adamw.ts";
import { decaysOf, type DecayRule } from "../../train/optimizer/decay.ts";
import { averageOf, ema } from "../../train/optimizer/ema.ts";
import { delayedLearningRate, learningRate, type Schedule } from "../../train/optimizer/schedule.ts";
import { sgd } from "../../train/optimizer/sgd.ts";
import { relative, rounds, claimsRow, type Claim } from "../cases/claim.ts";
import { hostRow } from "../cases/row.ts";
import { countRows } from "./counts.ts";
import { dropPathRow } from "./dropPath.ts";
import * as loops from "../loops/recipe.ts";
import {
  adamwTrees,
  blank,
  drawAdamW,
  drawSgd,
  drawSquares,
  drawTree,
  emaTrees,
  sgdTrees,
  type AdamWTrees,
  type Params,
  type SgdTrees,
} from "../cases/optimizerCase.ts";

/** r_max of DeiT, L, and the sum of the rates as deit.md 6.2 prints it. */
const PRINTED_RATES = { rMax: 0.1, L: 12, sum: 0.6 } as const;

function ratesError(draw: Draw): number {
  const [rMax, L] = [draw.real(0.05, 0.9), draw.oneOf([1, draw.integer(2, 24)])];
  const rates = dropPathRates(rMax, L);
  const errors = rates.map((rate, i) => relative(rate, loops.dropPathRate(rMax, L, i)));
  const printed = dropPathRates(PRINTED_RATES.rMax, PRINTED_RATES.L).reduce((total, rate) => total + rate, 0);
  return rates.length === L ? Math.max(...errors, relative(printed, PRINTED_RATES.sum)) : Infinity;
}

/** DeiT's schedule, and the numbers that deit.md section 12 prints: f(t), and the authors' delayed rate by epoch. */
const DEIT: Schedule = { base: 1e-3, min: 1e-5, warmup: 1e-6, warmupEpochs: 5, epochs: 300 };
const PRINTED: readonly (readonly [t: number, rate: number])[] = [
  [0, 1e-6],
  [1, 2.008e-4],
  [2, 4.006e-4],
  [3, 6.004e-4],
  [4, 8.002e-4],
  [5, 9.993216197e-4],
  [10, 9.972883382e-4],
  [100, 7.525e-4],
  [150, 5.05e-4],
  [299, 1.002714116e-5],
  [300, 1e-5],
];
const PRINTED_DELAYED: readonly (readonly [epoch: number, rate: number, digits: number])[] = [
  [0, 1e-6, 10],
  [1, 1e-6, 10],
  [2, 2.008e-4, 10],
  [6, 9.993216e-4, 7],
  [299, 1.01086e-5, 6],
];

function scheduleError(draw: Draw): number {
  const [W, E] = [draw.integer(1, 8), draw.integer(10, 60)];
  const rates = { base: draw.real(1e-4, 1e-2), min: draw.real(1e-6, 5e-5), warmup: draw.real(1e-7, 5e-5) };
  const schedule: Schedule = { ...rates, warmupEpochs: W, epochs: E };
  const t = draw.oneOf([W, E, draw.real(0, W), draw.real(W, E), draw.real(E, 2 * E)]);
  const epoch = draw.oneOf([0, 1, W, W + 1, E, E + 1, draw.integer(0, 2 * E)]);
  return Math.max(
    relative(learningRate(schedule, t), loops.learningRate(schedule, t)),
    relative(delayedLearningRate(schedule, epoch), loops.learningRate(schedule, epoch === 0 ? 0 : epoch - 1)),
    ...PRINTED.map(([place, rate]) => rounds(learningRate(DEIT, place), rate, 10)),
    ...PRINTED_DELAYED.map(([place, rate, digits]) => rounds(delayedLearningRate(DEIT, place), rate, digits)),
  );
}

/** Number of steps in one case. */
const STEPS = 3;

/** f(0), …, f(STEPS − 1) */
const steps = <T>(f: (i: number) => T): readonly T[] => Array.from({ length: STEPS }, (_, i) => f(i));

const rule = (draw: Draw): DecayRule => draw.oneOf(["deit", "timm"]);

/** From the start, or from a later step with moments of earlier ones. */
function adamwClaims(draw: Draw): readonly Claim[] {
  const [first, decay] = [draw.oneOf([1, draw.integer(2, 9)]), rule(draw)];
  const fresh = first === 1;
  const start: AdamWTrees = { params: drawTree(draw), m: fresh ? blank : drawTree(draw), v: fresh ? blank : drawSquares(draw) };
  const taken = steps((i) => ({ grads: drawTree(draw), attrs: drawAdamW(draw, first + i) }));
  const end = taken.reduce((state, { grads, attrs }) => adamwTrees(state, grads, attrs, decay), start);
  return [
    {
      actual: (k) => {
        let state = upload<{ readonly params: Params; readonly moments: Moments<Params> }>(k, {
          params: start.params,
          moments: { m: start.m, v: start.v },
        });
        for (const { grads, attrs } of taken)
          state = adamw(k, { ...state, grads: upload<Params>(k, grads), finite: null, skipped: null }, attrs, decaysOf(decay));
        return state;
      },
      expected: { params: end.params, moments: { m: end.m, v: end.v } },
    },
  ];
}

/** From the start, or with a buffer of earlier steps. */
function sgdClaims(draw: Draw): readonly Claim[] {
  const decay = rule(draw);
  const start: SgdTrees = { params: drawTree(draw), buffer: draw.oneOf([true, false]) ? null : drawTree(draw) };
  const taken = steps(() => ({ grads: drawTree(draw), attrs: drawSgd(draw) }));
  const end = taken.reduce((state, { grads, attrs }) => sgdTrees(state, grads, attrs, decay), start);
  return [
    {
      actual: (k) => {
        let state = upload<{ readonly params: Params; readonly buffer: Params | null }>(k, start);
        for (const { grads, attrs } of taken)
          state = sgd(k, { ...state, grads: upload<Params>(k, grads), finite: null }, attrs, decaysOf(decay));
        return state;
      },
      expected: end,
    },
  ];
}

/** From a copy of the first weights; the weights themselves do not change. */
function emaClaims(draw: Draw): readonly Claim[] {
  const [decay, initial, weights] = [draw.real(0.6, 0.99), drawTree(draw), steps(() => drawTree(draw))];
  return [
    {
      actual: (k) => {
        const params = upload<Params>(k, initial);
        const later = weights.map((theta) => upload<Params>(k, theta));
        const average = later.reduce(
          (soFar, theta) => ema(k, { average: soFar, params: theta, finite: null }, { decay }),
          averageOf(k, params),
        );
        return { average, params, later };
      },
      expected: { average: weights.reduce((average, theta) => emaTrees(average, theta, decay), initial), params: initial, later: weights },
    },
  ];
}

export const recipeRows: readonly Row[] = [
  ...countRows,
  hostRow("E30", "drop-path rates of the blocks", ratesError, "equation"),
  dropPathRow,
  hostRow("E32", "learning rate, and the authors' rate one epoch late", scheduleError, "equation"),
  claimsRow("E35", "AdamW, several steps, with both rules of weight decay", adamwClaims),
  claimsRow("E36", "SGD with momentum, Nesterov and plain, several steps", sgdClaims),
  claimsRow("E37", "moving average of the weights", emaClaims),
];
