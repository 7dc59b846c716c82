/** The ops as subjects of the laws of ops. */
import { subjectOf, type Subject } from "../../../check/laws/subject.ts";
import { attention, mix, scores } from "../../../ops/attention.ts";
import { dropout } from "../../../ops/dropout.ts";
import { gelu } from "../../../ops/gelu.ts";
import { layerNorm } from "../../../ops/layerNorm.ts";
import { linear } from "../../../ops/linear.ts";
import { logSoftmax } from "../../../ops/logSoftmax.ts";
import { patches } from "../../../ops/patches.ts";
import { addPosition } from "../../../ops/position.ts";
import { positionResize, type Resampling } from "../../../ops/positionResize.ts";
import { residual } from "../../../ops/residual.ts";
import { softmax } from "../../../ops/softmax.ts";
import { mergeHeads, splitHeads } from "../../../ops/splitHeads.ts";
import { prefixTokens, token } from "../../../ops/tokens.ts";
import * as calls from "../calls/ops.ts";
import { positionResizeCall } from "../calls/positions.ts";
import { drawn, withDropout } from "../hostCall.ts";

/** Every op of `src/ops`. */
export const opSubjects: readonly Subject[] = [
  subjectOf(linear, (draw) => drawn(calls.linearCall(draw))),
  subjectOf(layerNorm, (draw) => drawn(calls.layerNormCall(draw))),
  subjectOf(softmax, (draw) => drawn(calls.softmaxCall(draw))),
  subjectOf(logSoftmax, (draw) => drawn(calls.logSoftmaxCall(draw))),
  subjectOf(gelu, (draw) => drawn(calls.geluCall(draw))),
  subjectOf(scores, (draw) => drawn(calls.scoresCall(draw))),
  subjectOf(mix, (draw) => drawn(calls.mixCall(draw))),
  subjectOf(attention, (draw) => withDropout(draw, calls.attentionCall(draw))),
  subjectOf(dropout, (draw) => drawn(calls.dropoutCall(draw))),
  subjectOf(residual, (draw) => drawn(calls.residualCall(draw))),
  subjectOf(splitHeads, (draw) => drawn(calls.splitHeadsCall(draw))),
  subjectOf(mergeHeads, (draw) => drawn(calls.mergeHeadsCall(draw))),
  subjectOf(patches, (draw) => drawn(calls.patchesCall(draw))),
  subjectOf(prefixTokens, (draw) => drawn(calls.prefixTokensCall(draw))),
  subjectOf(token, (draw) => drawn(calls.tokenCall(draw))),
  subjectOf(addPosition, (draw) => drawn(calls.addPositionCall(draw))),
  subjectOf(positionResize, (draw) => drawn(positionResizeCall(draw, draw.oneOf<Resampling>(["deit", "timm", "bilinear", "nearest"])))),
];
