/** Consequences of the losses' equations (deit.md sections 2 and 3): the project's losses against each other. */
import type { Draw } from "../../check/draw.ts";
import { mapHost, upload, type Host, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Precision } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy, type CrossEntropyAttrs } from "../../losses/crossEntropy.ts";
import { divergence } from "../../losses/divergence.ts";
import { hardDistillation, teacherDecision, type HardDistillationAttrs } from "../../losses/hardDistillation.ts";
import { reverseDivergence } from "../../losses/reverseDivergence.ts";
import { softDistillation, type SoftDistillationAttrs, type TwoLogits } from "../../losses/softDistillation.ts";
import { twoClassTokens } from "../../losses/twoClassTokens.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../losses/usualDistillation.ts";
import type { Grads, Op } from "../../ops/op.ts";
import { axis, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import {
  anySize,
  crossEntropyCall,
  divergenceCall,
  hardDistillationCall,
  lossSizes,
  moderate,
  reverseDivergenceCall,
  softDistillationCall,
  twoClassTokensCall,
  usualHardCall,
  usualSoftCall,
} from "../cases/calls/losses.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { gradientsOf } from "../cases/hostCall.ts";
import type { HostCall } from "../cases/hostCall.ts";
import { scalar } from "../loops/losses.ts";
import { at, sum, tabulate } from "../loops/matrix.ts";
import { divergenceBoundRow } from "./divergenceBound.ts";
import { meanOfTeachersRow } from "./meanOfTeachers.ts";
import { objectiveRow } from "../rows/objective.ts";
import { smoothingRows } from "./smoothing.ts";

const zeros = (shape: Shape): HostArray => tabulate(shape, () => 0);

/** Adding a constant to a row of logits changes no probability, so that each row of a gradient sums to 0. */
function zeroSum<In, Saved, Attrs>(op: Op<In, Saved, Attrs>, call: HostCall<In, Attrs>): Claim {
  return {
    actual: (k) => mapTree(gradientsOf(k, op, call, scalar(1)), (d) => k.sumLast(d)),
    expected: mapHost(call.inputs, ({ shape }) => zeros([axis(shape, 0), 1])),
  };
}

const zeroSums = (draw: Draw): readonly Claim[] => [
  zeroSum(crossEntropy, crossEntropyCall(draw, anySize)),
  zeroSum(divergence, divergenceCall(draw, anySize)),
  zeroSum(reverseDivergence, reverseDivergenceCall(draw, moderate)),
  zeroSum(softDistillation, softDistillationCall(draw, anySize, { direction: "teacher-first" })),
  zeroSum(softDistillation, softDistillationCall(draw, moderate, { direction: "student-first" })),
  zeroSum(hardDistillation, hardDistillationCall(draw, anySize)),
  zeroSum(usualSoftDistillation, usualSoftCall(draw, anySize, { direction: "teacher-first" })),
  zeroSum(usualSoftDistillation, usualSoftCall(draw, moderate, { direction: "student-first" })),
  zeroSum(usualHardDistillation, usualHardCall(draw, anySize)),
  zeroSum(twoClassTokens, twoClassTokensCall(draw, anySize)),
];

/** Adds a different constant to each row of each array [B, K]. */
function shifted<T>(draw: Draw, tree: T): T {
  return mapHost(tree, (a) => {
    const [B = 0] = a.shape;
    const shift = draw.array([B], { deviation: 3 });
    return tabulate(a.shape, (b, k) => at(a, b, k) + at(shift, b));
  });
}

/** The claim that the loss does not change if all its logits, including the teacher's, are shifted. */
function shiftless<In, Saved, Attrs>(
  draw: Draw,
  op: Op<In, Saved, Attrs>,
  { inputs, attrs }: HostCall<In, Attrs>,
  moved: Host<Attrs>,
): Claim {
  const shiftedInputs = shifted(draw, inputs);
  return {
    actual: (k) => op.forward(k, upload<In>(k, shiftedInputs), upload<Attrs>(k, moved)).out,
    equals: (k) => op.forward(k, upload<In>(k, inputs), upload<Attrs>(k, attrs)).out,
  };
}

function shiftClaims(draw: Draw): readonly Claim[] {
  const [ce, kl, reverse] = [crossEntropyCall(draw, moderate), divergenceCall(draw, moderate), reverseDivergenceCall(draw, moderate)];
  const [soft, hard] = [softDistillationCall(draw, moderate), hardDistillationCall(draw, moderate)];
  const teacherMoved = <A extends { readonly teacher: HostArray }>(attrs: A): A => ({ ...attrs, teacher: shifted(draw, attrs.teacher) });
  return [
    shiftless(draw, crossEntropy, ce, ce.attrs),
    shiftless(draw, divergence, kl, teacherMoved(kl.attrs)),
    shiftless(draw, reverseDivergence, reverse, teacherMoved(reverse.attrs)),
    shiftless(draw, softDistillation, soft, teacherMoved(soft.attrs)),
    shiftless(draw, hardDistillation, hard, teacherMoved(hard.attrs)),
  ];
}

/** A loss and the gradients of its inputs. */
function lossAndGradients<In, Saved, Attrs>(
  k: Kernels,
  op: Op<In, Saved, Attrs>,
  inputs: In,
  attrs: Attrs,
): { readonly loss: Tensor; readonly d: Grads<In> } {
  const { out: loss, saved } = op.forward(k, inputs, attrs);
  return { loss, d: op.vjp(k, saved, k.upload([], [1])) };
}

/** With a share of 0 or 1 only one part of the loss is left, and the other head gets no gradient. */
function balanceClaims(draw: Draw): readonly Claim[] {
  const [soft, hard] = [softDistillationCall(draw, moderate), hardDistillationCall(draw, moderate)];
  const softAt =
    (lambda: number): Claim["actual"] =>
    (k) =>
      lossAndGradients(k, softDistillation, upload<TwoLogits>(k, soft.inputs), { ...upload<SoftDistillationAttrs>(k, soft.attrs), lambda });
  const hardAt =
    (alpha: number): Claim["actual"] =>
    (k) =>
      lossAndGradients(k, hardDistillation, upload<TwoLogits>(k, hard.inputs), { ...upload<HardDistillationAttrs>(k, hard.attrs), alpha });
  const truth =
    ({ inputs, attrs }: { readonly inputs: Host<TwoLogits>; readonly attrs: Host<CrossEntropyAttrs> }): Claim["actual"] =>
    (k) => {
      const { loss, d } = lossAndGradients(
        k,
        crossEntropy,
        { logits: upload<Tensor>(k, inputs.head) },
        upload<CrossEntropyAttrs>(k, attrs),
      );
      return { loss, d: { head: d.logits, head_dist: k.zeros(inputs.head_dist.shape) } };
    };
  const taughtSoftly: Claim["actual"] = (k) => {
    const { loss, d } = lossAndGradients(
      k,
      soft.attrs.direction === "teacher-first" ? divergence : reverseDivergence,
      { student: upload<Tensor>(k, soft.inputs.head_dist) },
      upload<SoftDistillationAttrs>(k, soft.attrs),
    );
    return { loss, d: { head: k.zeros(soft.inputs.head.shape), head_dist: d.student } };
  };
  const taughtHard: Claim["actual"] = (k) => {
    const target = teacherDecision(k, upload<Tensor>(k, hard.attrs.teacher));
    const { loss, d } = lossAndGradients(k, crossEntropy, { logits: upload<Tensor>(k, hard.inputs.head_dist) }, { target });
    return { loss, d: { head: k.zeros(hard.inputs.head.shape), head_dist: d.logits } };
  };
  return [
    { actual: softAt(0), equals: truth(soft) },
    { actual: softAt(1), equals: taughtSoftly },
    { actual: hardAt(0), equals: truth(hard) },
    { actual: hardAt(1), equals: taughtHard },
  ];
}

/** τ so large that the logits divided by τ are small. In f32 it must be smaller, because a factor τ enlarges the rounding errors of probabilities. */
const LARGE_TAU: { readonly [P in Precision]: number } = { f64: 5000, f32: 50, f16: 50 };

/** The weights at τ, 2τ and 4τ of an extrapolation that removes the first and second power of 1/τ. */
const EXTRAPOLATION = [1 / 3, -2, 8 / 3] as const;

/** (G6) for τ → ∞: the centred difference of the logits, divided by B·K. The factor τ² makes this limit finite and different from 0. */
function largeTemperatureClaims(draw: Draw): readonly Claim[] {
  const [B, K] = lossSizes(draw);
  const [student, teacher] = [moderate(draw, [B, K]), moderate(draw, [B, K])];
  const difference = tabulate([B, K], (b, k) => at(student, b, k) - at(teacher, b, k));
  const terms = (k: Kernels): readonly Tensor[] =>
    EXTRAPOLATION.map((weight, i) => {
      const attrs = { teacher, tau: LARGE_TAU[draw.precision] * 2 ** i, divideBy: "batch" } as const;
      return k.scale(gradientsOf(k, divergence, { inputs: { student }, attrs }, scalar(1)).student, weight);
    });
  return [
    {
      actual: (k) => terms(k).reduce((total, term) => k.add(total, term)),
      expected: tabulate([B, K], (b, k) => (at(difference, b, k) - sum(K, (l) => at(difference, b, l)) / K) / (B * K)),
    },
  ];
}

export const lossIdentities: readonly Row[] = [
  claimsRow("identity/zero-sum-cotangents", "the gradient of every loss sums to 0 over the classes", zeroSums),
  claimsRow("identity/shift-invariance", "a constant added to a row of logits changes no loss", shiftClaims),
  claimsRow("identity/balance", "λ = 0 and α = 0 give plain cross-entropy, 1 the teacher's part alone", balanceClaims, "exact"),
  claimsRow(
    "identity/large-temperature",
    "for τ → ∞ the gradient of τ² KL is the centred difference of the logits",
    largeTemperatureClaims,
    "limit",
  ),
  divergenceBoundRow,
  meanOfTeachersRow,
  ...smoothingRows,
  objectiveRow,
];
