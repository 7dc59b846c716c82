/** The gradient of a batch from its micro-batches, on one rank and on several. */
import type { Draw } from "../../check/draw.ts";
import { upload } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { DeitParams } from "../../model/deit.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import { averageOf } from "../../train/optimizer/ema.ts";
import type { LossScale } from "../../train/optimizer/lossScale.ts";
import type { Optimizer } from "../../train/optimizer/optimizer.ts";
import { deitTask } from "../../train/step/deitTask.ts";
import { gradientsOf } from "../../train/step/gradients.ts";
import { updated, type TrainState } from "../../train/step/step.ts";
import type { Batch, LossAndGrads } from "../../train/step/task.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { scaleArrays } from "../cases/optimizerCase.ts";
import { drawTask, mixedOn, type TaskCase } from "./deitTask.ts";

/** S, so that the gradients are much larger than the floor of a claim's errors. */
const SCALE = 2 ** 10;

const optimizer: Optimizer = { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 0.05 };

const stateOn = (k: Kernels, { params }: TaskCase): TrainState<DeitParams, null> => {
  const weights = upload<DeitParams>(k, params);
  const lossScale = upload<LossScale>(k, scaleArrays({ S: SCALE, n: 0, s: 0 }));
  return { params: weights, optimizer: { m: null, v: null }, buffers: null, average: averageOf(k, weights), lossScale, step: 0 };
};

/** Samples `from` … `to − 1`. */
const part = (k: Kernels, batch: Batch, from: number, to: number): Batch => mapTree(batch, (t) => k.slice(t, 0, from, to));

/** The gradients, and the state after a step that clips them. */
function stepOn(k: Kernels, drawn: TaskCase, of: number, micro: number): unknown {
  const [task, state] = [deitTask(drawn.settings), stateOn(k, drawn)];
  const { loss, truth, ...made } = gradientsOf(k, task, state, mixedOn(k, drawn), { key: drawn.key, first: 0, of, micro });
  const gradients = mapTree(made.grads, (t) => k.scale(t, 1));
  const settings = { optimizer, lr: 0.1, clipNorm: 0.5, emaDecay: 0.9 };
  const { state: next, norm } = updated(k, task, state, made, settings, true);
  return { loss, truth, gradients, norm, params: next.params, average: next.average };
}

function accumulationClaims(draw: Draw): readonly Claim[] {
  const [count, micro] = [draw.integer(2, 5), draw.integer(1, 2)];
  const of = count * micro;
  const drawn = drawTask(draw, { dropout: 0, B: of });
  return [{ actual: (k) => stepOn(k, drawn, of, micro), equals: (k) => stepOn(k, drawn, of, of) }];
}

/** What one rank contributes, and the sum of two of them. */
function rankClaims(draw: Draw): readonly Claim[] {
  const [each, micro] = [draw.integer(1, 3), draw.integer(1, 2)];
  const of = 2 * each * micro;
  const drawn = drawTask(draw, { dropout: draw.oneOf([0, 0.3]), B: of });
  const shareOn = (k: Kernels, from: number, to: number): LossAndGrads<DeitParams, null> =>
    gradientsOf(k, deitTask(drawn.settings), stateOn(k, drawn), part(k, mixedOn(k, drawn), from, to), {
      key: drawn.key,
      first: from,
      of,
      micro,
    });
  const onTwo = (k: Kernels): unknown => {
    const [first, second] = [shareOn(k, 0, of / 2), named(shareOn(k, of / 2, of))];
    return mapTree(first, (t, name) => k.add(t, second.get(name) ?? t));
  };
  return [{ actual: onTwo, equals: (k) => shareOn(k, 0, of) }];
}

export const microBatchRows: readonly Row[] = [
  claimsRow(
    "identity/micro-batches",
    "a step whose gradient is summed over micro-batches: loss scale, drop path, mixing, clipping and average as in the whole batch",
    accumulationClaims,
    "linearity",
  ),
  claimsRow("identity/ranks", "two ranks' halves of the micro-batches add up to the sum of one rank, bitwise", rankClaims, "exact"),
];
