/** Rows of the losses' gradients, (G3) to (G9): the project's VJPs against plain loops (loops/lossVjps.ts), for any cotangent. */
import type { Draw } from "../../check/draw.ts";
import { upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence, type Divisor } from "../../losses/divergence.ts";
import { hardDistillation } from "../../losses/hardDistillation.ts";
import { smoothOverAll, smoothOverOthers } from "../../losses/labelSmoothing.ts";
import { reverseDivergence } from "../../losses/reverseDivergence.ts";
import { softDistillation, type Direction } from "../../losses/softDistillation.ts";
import { twoClassTokens } from "../../losses/twoClassTokens.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../losses/usualDistillation.ts";
import { meanOfLogits, sumOfSoftmax } from "../../model/fusion.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  anySize,
  crossEntropyCall,
  divergenceCall,
  hardDistillationCall,
  lossSizes,
  moderate,
  reverseDivergenceCall,
  smoothing,
  softDistillationCall,
  twoClassTokensCall,
  usualHardCall,
  usualSoftCall,
  type DrawLogits,
} from "../cases/calls/losses.ts";
import { vjpClaim, claimsRow, type Claim } from "../cases/claim.ts";
import * as loops from "../loops/losses.ts";
import { crossEntropyVjp, divergenceVjp, logSoftmaxVjp, reverseDivergenceVjp, vjpOfDirection } from "../loops/lossVjps.ts";
import { at } from "../loops/matrix.ts";
import { paired } from "../loops/rows.ts";
import { softmax as softmaxByLoops, softmaxVjp } from "../loops/softmax.ts";

/** c, the cotangent of a loss. */
const cotangent = (draw: Draw): number => draw.oneOf([1, draw.real(-2, -0.5)]);

const add = (a: HostArray, b: HostArray): HostArray => paired(a, b, (x, y) => x + y);

function logSoftmaxClaims(draw: Draw): readonly Claim[] {
  const shape = lossSizes(draw);
  const [z, dLogProbs] = [anySize(draw, shape), draw.array(shape)];
  return [vjpClaim(logSoftmax, { inputs: { z }, attrs: undefined }, dLogProbs, { z: logSoftmaxVjp(z, dLogProbs) })];
}

/** q is a distribution, or has any sum. */
function crossEntropyClaims(draw: Draw): readonly Claim[] {
  const c = cotangent(draw);
  return [false, true].map((general) => {
    const call = crossEntropyCall(draw, anySize, general);
    return vjpClaim(crossEntropy, call, loops.scalar(c), { logits: crossEntropyVjp(call.inputs.logits, call.attrs.target, c) });
  });
}

/** Targets of both conventions, which the project makes from labels. */
function smoothedClaims(draw: Draw): readonly Claim[] {
  const [B, K] = lossSizes(draw);
  const [labels, z, eps, c] = [draw.labels([B], K), anySize(draw, [B, K]), smoothing(draw), cotangent(draw)];
  const claim = (smooth: typeof smoothOverAll, q: HostArray): Claim => ({
    actual: (k) => {
      const target = smooth(k, upload<Tensor>(k, labels), K, eps);
      const { saved } = crossEntropy.forward(k, { logits: upload<Tensor>(k, z) }, { target });
      return crossEntropy.vjp(k, saved, k.upload([], [c]));
    },
    expected: { logits: crossEntropyVjp(z, q, c) },
  });
  return [claim(smoothOverAll, loops.smoothOverAll(labels, K, eps)), claim(smoothOverOthers, loops.smoothOverOthers(labels, K, eps))];
}

const divisors: readonly Divisor[] = ["batch", "batch*classes"];
const perClass = (divideBy: Divisor): boolean => divideBy === "batch*classes";

/** With λ on two heads; then with λ on one head, where both cotangents add up. */
function weightedClaims(draw: Draw, c: number, logitsOf: DrawLogits, direction: Direction): readonly Claim[] {
  return divisors.flatMap((divideBy) => {
    const two = softDistillationCall(draw, logitsOf, { divideBy, direction });
    const one = usualSoftCall(draw, logitsOf, { divideBy, direction });
    const truth = (z: HostArray, { target, lambda }: typeof one.attrs): HostArray => crossEntropyVjp(z, target, (1 - lambda) * c);
    const taught = (z: HostArray, { teacher, tau, lambda }: typeof one.attrs): HostArray =>
      vjpOfDirection[direction](z, teacher, tau, perClass(divideBy), lambda * c);
    const { head, head_dist } = two.inputs;
    return [
      vjpClaim(softDistillation, two, loops.scalar(c), { head: truth(head, two.attrs), head_dist: taught(head_dist, two.attrs) }),
      vjpClaim(usualSoftDistillation, one, loops.scalar(c), {
        head: add(truth(one.inputs.head, one.attrs), taught(one.inputs.head, one.attrs)),
      }),
    ];
  });
}

/** τ² KL alone; then as a part of soft distillation. */
function softClaims(draw: Draw): readonly Claim[] {
  const c = cotangent(draw);
  const alone = divisors.map((divideBy) => {
    const call = divergenceCall(draw, anySize, divideBy);
    const student = divergenceVjp(call.inputs.student, call.attrs.teacher, call.attrs.tau, perClass(divideBy), c);
    return vjpClaim(divergence, call, loops.scalar(c), { student });
  });
  return [...alone, ...weightedClaims(draw, c, anySize, "teacher-first")];
}

/** Likewise with the student first. */
function reverseClaims(draw: Draw): readonly Claim[] {
  const c = cotangent(draw);
  const alone = divisors.map((divideBy) => {
    const call = reverseDivergenceCall(draw, anySize, divideBy);
    const student = reverseDivergenceVjp(call.inputs.student, call.attrs.teacher, call.attrs.tau, perClass(divideBy), c);
    const terms = Math.max(1, Math.abs(c) * at(call.expected)); // the terms of the gradient have both signs; those of the loss one
    return { ...vjpClaim(reverseDivergence, call, loops.scalar(c), { student }), terms };
  });
  return [...alone, ...weightedClaims(draw, c, moderate, "student-first")];
}

/** Two heads; the same logits for both labels; two class tokens and no teacher. */
function hardClaims(draw: Draw): readonly Claim[] {
  const c = cotangent(draw);
  const [two, one, control] = [hardDistillationCall(draw, anySize), usualHardCall(draw, anySize), twoClassTokensCall(draw, anySize)];
  const truth = (z: HostArray, { target, alpha }: typeof two.attrs): HostArray => crossEntropyVjp(z, target, (1 - alpha) * c);
  const taught = (z: HostArray, { teacher, alpha }: typeof two.attrs): HostArray => crossEntropyVjp(z, loops.decision(teacher), alpha * c);
  const half = (z: HostArray): HostArray => crossEntropyVjp(z, control.attrs.target, c / 2);
  return [
    vjpClaim(hardDistillation, two, loops.scalar(c), {
      head: truth(two.inputs.head, two.attrs),
      head_dist: taught(two.inputs.head_dist, two.attrs),
    }),
    vjpClaim(usualHardDistillation, one, loops.scalar(c), {
      head: add(truth(one.inputs.head, one.attrs), taught(one.inputs.head, one.attrs)),
    }),
    vjpClaim(twoClassTokens, control, loops.scalar(c), { head: half(control.inputs.head), head_dist: half(control.inputs.head_dist) }),
  ];
}

/** z̄_c = z̄_d = ½ z̄ for the mean of logits; (G2) of each head for the sum of softmax; a plain model passes z̄ on. */
function fusionClaims(draw: Draw): readonly Claim[] {
  const shape = lossSizes(draw);
  const [head, head_dist, dz] = [moderate(draw, shape), moderate(draw, shape), draw.array(shape)];
  const two = { inputs: { head, head_dist }, attrs: undefined };
  const plain = { inputs: { head, head_dist: null }, attrs: undefined };
  const half = { shape, data: dz.data.map((x) => x / 2) };
  const ofSoftmax = (z: HostArray): HostArray => softmaxVjp(softmaxByLoops(z), dz);
  return [
    vjpClaim(meanOfLogits, two, dz, { head: half, head_dist: half }),
    vjpClaim(meanOfLogits, plain, dz, { head: dz, head_dist: null }),
    vjpClaim(sumOfSoftmax, two, dz, { head: ofSoftmax(head), head_dist: ofSoftmax(head_dist) }),
    vjpClaim(sumOfSoftmax, plain, dz, { head: ofSoftmax(head), head_dist: null }),
  ];
}

export const lossGradientRows: readonly Row[] = [
  claimsRow("G3", "gradient of log-softmax", logSoftmaxClaims),
  claimsRow("G4", "gradient of cross-entropy, targets of any sum", crossEntropyClaims),
  claimsRow("G5", "gradient on smoothed labels, both conventions", smoothedClaims),
  claimsRow("G6", "gradient of soft distillation, with λ and both divisors", softClaims),
  claimsRow("G7", "gradient of the reverse divergence, with λ and both divisors", reverseClaims),
  claimsRow("G8", "gradient of hard distillation, on two heads, one head and two class tokens", hardClaims),
  claimsRow("G9", "gradient of both fusions", fusionClaims),
];
