/** The gradients of the teacher, (G20) to (G22), one row each: the op's VJP against the printed formula in plain loops. */
import type { Draw } from "../../check/draw.ts";
import { hostArray, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { averagePool } from "../../teacher/averagePool.ts";
import { batchNorm, frozenBatchNorm } from "../../teacher/batchNorm.ts";
import { groupedConv } from "../../teacher/conv.ts";
import { relu } from "../../teacher/relu.ts";
import { sigmoid } from "../../teacher/sigmoid.ts";
import { squeezeExcite } from "../../teacher/squeezeExcite.ts";
import { axis } from "../../tensor/tensor.ts";
import { averagePoolCall, batchNormCall, convCall, frozenBatchNormCall, squeezeExciteCall } from "../cases/calls/teacher.ts";
import { forwardClaim, vjpClaim, claimsRow, type Claim } from "../cases/claim.ts";
import { excitedVjp, gates, gatesGrad, pooledGrad, rectified, rectifiedGrad } from "../loops/squeezeExcite.ts";
import { batchNormEvalGrads, batchNormTrainGrads, convInputGrad, convWeightGrad } from "../loops/teacher.ts";
import { severalRows } from "../cases/sizes.ts";

function trainedNormClaims(draw: Draw): readonly Claim[] {
  const call = batchNormCall(draw);
  const { x, params } = call.inputs;
  const dy = draw.array(x.shape);
  const { x: dx, ...dParams } = batchNormTrainGrads(x, params.weight, dy, call.attrs.eps);
  return [forwardClaim(batchNorm, call), vjpClaim(batchNorm, call, { y: dy, stats: null }, { x: dx, params: dParams })];
}

function frozenNormClaims(draw: Draw): readonly Claim[] {
  const call = frozenBatchNormCall(draw);
  const { x, params } = call.inputs;
  const { eps, running } = call.attrs;
  const dy = draw.array(x.shape);
  const statistics = { mean: running.running_mean, variance: running.running_var };
  const { x: dx, ...dParams } = batchNormEvalGrads(x, params.weight, statistics, dy, eps);
  return [forwardClaim(frozenBatchNorm, call), vjpClaim(frozenBatchNorm, call, { y: dy, stats: null }, { x: dx, params: dParams })];
}

/** Also for inputs at which exp overflows, or at which 1 − g is below the rounding error of g. */
function sigmoidClaims(draw: Draw): readonly Claim[] {
  const u = draw.array(severalRows(draw), { deviation: draw.oneOf([1, 30, 1000]) });
  const call = { inputs: { u }, attrs: undefined, expected: gates(u) };
  const dg = draw.array(u.shape);
  return [forwardClaim(sigmoid, call), vjpClaim(sigmoid, call, dg, { u: gatesGrad(u, dg) })];
}

/** Whole numbers, so that some inputs are 0: the derivative there is 0. */
function reluClaims(draw: Draw): readonly Claim[] {
  const shape = severalRows(draw);
  const x: HostArray = hostArray(
    shape,
    draw.array(shape).data.map(() => draw.integer(-2, 2)),
  );
  const call = { inputs: { x }, attrs: undefined, expected: rectified(x) };
  const dy = draw.array(shape);
  return [forwardClaim(relu, call), vjpClaim(relu, call, dy, { x: rectifiedGrad(x, dy) })];
}

function averagePoolClaims(draw: Draw): readonly Claim[] {
  const call = averagePoolCall(draw);
  const { x } = call.inputs;
  const dm = draw.array(call.expected.shape);
  return [forwardClaim(averagePool, call), vjpClaim(averagePool, call, dm, { x: pooledGrad(dm, axis(x.shape, 2), axis(x.shape, 3)) })];
}

function squeezeExciteClaims(draw: Draw): readonly Claim[] {
  const call = squeezeExciteCall(draw);
  const { x, params } = call.inputs;
  const dy = draw.array(x.shape);
  return [forwardClaim(squeezeExcite, call), vjpClaim(squeezeExcite, call, dy, excitedVjp(x, params, dy))];
}

function convClaims(draw: Draw): readonly Claim[] {
  const call = convCall(draw);
  const { x, params } = call.inputs;
  const dy = draw.array(call.expected.shape);
  const dParams = { weight: convWeightGrad(x, dy, params.weight.shape, call.attrs) };
  const dx = convInputGrad(params.weight, dy, x.shape, call.attrs);
  return [forwardClaim(groupedConv, call), vjpClaim(groupedConv, call, dy, { x: dx, params: dParams })];
}

/** (G20)–(G22). */
export const teacherRows: readonly Row[] = [
  claimsRow(
    "G20",
    "batch norm: in training x̄ = r (h − mean h − x̂ ⊙ mean(h ⊙ x̂)) over batch and pixels, in evaluation x̄ = ȳ γ (v_run + ε)^(−½)",
    (draw) => [...trainedNormClaims(draw), ...frozenNormClaims(draw)],
  ),
  claimsRow("G21", "squeeze-excite y = x g: ḡ = Σ_HW ȳ ⊙ x, ū = ḡ g(1 − g), x̄ = ȳ g + m̄/(HW); ReLU at 0, sigmoid far out", (draw) => [
    ...squeezeExciteClaims(draw),
    ...averagePoolClaims(draw),
    ...reluClaims(draw),
    ...sigmoidClaims(draw),
  ]),
  claimsRow(
    "G22",
    "grouped conv: W̄ = Σ ȳ x and x̄ = Σ ȳ W over the index pairs of the windows; groups, strides, paddings, H ≠ W",
    convClaims,
  ),
];
