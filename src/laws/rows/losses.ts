/** Rows of the losses, (E18) to (E26): the project's losses against plain loops (loops/losses.ts). Fusion, (E27), is in fusion.ts. */
import type { Draw } from "../../check/draw.ts";
import { upload } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence } from "../../losses/divergence.ts";
import { hardDistillation, teacherDecision } from "../../losses/hardDistillation.ts";
import { smoothOverAll, smoothOverOthers } from "../../losses/labelSmoothing.ts";
import { softDistillation } from "../../losses/softDistillation.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../losses/usualDistillation.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  anySize,
  crossEntropyCall,
  divergenceCall,
  hardDistillationCall,
  lossSizes,
  smoothing,
  softDistillationCall,
  tied,
  usualHardCall,
  usualSoftCall,
} from "../cases/calls/losses.ts";
import { forwardClaim, claimsRow, type Claim } from "../cases/claim.ts";
import { fusionRow } from "./fusion.ts";
import * as loops from "../loops/losses.ts";
import { logSoftmax as logSoftmaxByLoops } from "../loops/softmax.ts";

function logSoftmaxClaims(draw: Draw): readonly Claim[] {
  const z = anySize(draw, lossSizes(draw));
  return [{ actual: (k) => logSoftmax.forward(k, { z: upload<Tensor>(k, z) }).out, expected: logSoftmaxByLoops(z) }];
}

function smoothingClaims(draw: Draw, smooth: typeof smoothOverAll, expected: typeof loops.smoothOverAll): readonly Claim[] {
  const [B, K] = lossSizes(draw);
  const [labels, eps] = [draw.labels([B], K), smoothing(draw)];
  return [{ actual: (k) => smooth(k, upload<Tensor>(k, labels), K, eps), expected: expected(labels, K, eps) }];
}

function decisionClaims(draw: Draw): readonly Claim[] {
  const teacher = draw.oneOf([tied, anySize])(draw, lossSizes(draw));
  return [
    { actual: (k) => k.argmaxLast(upload<Tensor>(k, teacher)), expected: loops.argmaxes(teacher) },
    { actual: (k) => teacherDecision(k, upload<Tensor>(k, teacher)), expected: loops.decision(teacher) },
  ];
}

export const lossRows: readonly Row[] = [
  claimsRow("E18", "log-softmax, stable for logits of any size", logSoftmaxClaims),
  claimsRow("E19", "cross-entropy against any target", (draw) => [
    forwardClaim(crossEntropy, crossEntropyCall(draw, anySize)),
    forwardClaim(crossEntropy, crossEntropyCall(draw, anySize, true)),
  ]),
  claimsRow("E20", "label smoothing over all classes (code)", (draw) => smoothingClaims(draw, smoothOverAll, loops.smoothOverAll)),
  claimsRow("E21", "label smoothing over the other classes (paper)", (draw) =>
    smoothingClaims(draw, smoothOverOthers, loops.smoothOverOthers),
  ),
  claimsRow("E22", "soft distillation in both directions, on one head's logits and on two", (draw) => [
    forwardClaim(usualSoftDistillation, usualSoftCall(draw, anySize, { divideBy: "batch" })),
    forwardClaim(softDistillation, softDistillationCall(draw, anySize, { divideBy: "batch" })),
  ]),
  claimsRow("E23", "τ² KL of the student from the teacher, per sample", (draw) => [
    forwardClaim(divergence, divergenceCall(draw, anySize, "batch")),
  ]),
  claimsRow("E24", "the authors' divisor: K times weaker", (draw) => [
    forwardClaim(divergence, divergenceCall(draw, anySize, "batch*classes")),
    forwardClaim(softDistillation, softDistillationCall(draw, anySize, { divideBy: "batch*classes" })),
  ]),
  claimsRow("E25", "the teacher's decision, the first index on ties", decisionClaims, "exact"),
  claimsRow("E26", "hard distillation, on two heads' logits and on one", (draw) => [
    forwardClaim(hardDistillation, hardDistillationCall(draw, anySize)),
    forwardClaim(usualHardDistillation, usualHardCall(draw, anySize)),
  ]),
  fusionRow,
];
