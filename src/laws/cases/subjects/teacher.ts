/** The teacher's ops as subjects of the laws of ops. */
import { subjectOf, type Subject } from "../../../check/laws/subject.ts";
import type { Op } from "../../../ops/op.ts";
import { averagePool } from "../../../teacher/averagePool.ts";
import { batchNorm, frozenBatchNorm, type BatchStats, type NormOp } from "../../../teacher/batchNorm.ts";
import { groupedConv } from "../../../teacher/conv.ts";
import { convNormOf, convNormReluOf, type ConvNormOp, type ConvNormReluOp } from "../../../teacher/convNorm.ts";
import { classifier } from "../../../teacher/head.ts";
import { regnetLogits, regnetTrain } from "../../../teacher/regnet.ts";
import { regnetBlockOf, type RegnetBlockOp } from "../../../teacher/regnetBlock.ts";
import { regnetStageOf, type RegnetStageOp } from "../../../teacher/regnetStage.ts";
import { relu } from "../../../teacher/relu.ts";
import { sigmoid } from "../../../teacher/sigmoid.ts";
import { squeezeExcite } from "../../../teacher/squeezeExcite.ts";
import { blockCallOf, evaluation, networkCallOf, stageCallOf, training, unitCallOf } from "../calls/regnet.ts";
import {
  averagePoolCall,
  batchNormCall,
  classifierCall,
  convCall,
  frozenBatchNormCall,
  reluCall,
  sigmoidCall,
  squeezeExciteCall,
} from "../calls/teacher.ts";
import { drawn, type DrawHostCall } from "../hostCall.ts";

/** The ops that contain a norm. */
export interface NormUsers<Stats> {
  readonly convNorm: ConvNormOp<Stats>;
  readonly convNormRelu: ConvNormReluOp<Stats>;
  readonly block: RegnetBlockOp<Stats>;
  readonly stage: RegnetStageOp<Stats>;
}

const usersOf = <Stats>(norm: NormOp<Stats>): NormUsers<Stats> => ({
  convNorm: convNormOf(norm),
  convNormRelu: convNormReluOf(norm),
  block: regnetBlockOf(norm),
  stage: regnetStageOf(norm),
});

export const trained: NormUsers<BatchStats> = usersOf(batchNorm);
export const evaluating: NormUsers<null> = usersOf(frozenBatchNorm);

/** A subject whose statistics the laws do not compare, because they compare what is differentiated; the rows of equations check the statistics. */
function withoutStats<In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>, drawCall: DrawHostCall<In, Attrs, Out>): Subject {
  const subject = subjectOf(op, (draw) => drawn(drawCall(draw)));
  const trial: Subject["trial"] = (draw) => {
    const whole = subject.trial(draw);
    return { ...whole, expected: new Map([...(whole.expected ?? [])].filter(([leaf]) => !leaf.startsWith("stats."))) };
  };
  return { ...subject, trial };
}

/** Every op of `src/teacher`; an op that contains a norm occurs for training and for evaluation. */
export const teacherSubjects: readonly Subject[] = [
  subjectOf(relu, (draw) => drawn(reluCall(draw))),
  subjectOf(sigmoid, (draw) => drawn(sigmoidCall(draw))),
  subjectOf(averagePool, (draw) => drawn(averagePoolCall(draw))),
  subjectOf(groupedConv, (draw) => drawn(convCall(draw))),
  subjectOf(squeezeExcite, (draw) => drawn(squeezeExciteCall(draw))),
  subjectOf(classifier, (draw) => drawn(classifierCall(draw))),
  withoutStats(batchNorm, batchNormCall),
  withoutStats(frozenBatchNorm, frozenBatchNormCall),
  withoutStats(trained.convNorm, unitCallOf(training, "unit")),
  withoutStats(evaluating.convNorm, unitCallOf(evaluation, "unit")),
  withoutStats(trained.convNormRelu, unitCallOf(training, "unitRelu")),
  withoutStats(evaluating.convNormRelu, unitCallOf(evaluation, "unitRelu")),
  withoutStats(trained.block, blockCallOf(training)),
  withoutStats(evaluating.block, blockCallOf(evaluation)),
  withoutStats(trained.stage, stageCallOf(training)),
  withoutStats(evaluating.stage, stageCallOf(evaluation)),
  withoutStats(regnetTrain, networkCallOf(training)),
  withoutStats(regnetLogits, networkCallOf(evaluation)),
];
