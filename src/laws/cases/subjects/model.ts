/** The parts of the model as subjects of the laws of ops: plain and distilled, with and without dropout and drop path. */
import { subjectOf, type Subject } from "../../../check/laws/subject.ts";
import { block } from "../../../model/block.ts";
import { deitLogits } from "../../../model/deit.ts";
import { embed } from "../../../model/embed.ts";
import { encoderOf } from "../../../model/encoder.ts";
import { meanOfLogits, sumOfSoftmax } from "../../../model/fusion.ts";
import { classifierHeads } from "../../../model/heads.ts";
import { mlp } from "../../../model/mlp.ts";
import { patchEmbed } from "../../../model/patchEmbed.ts";
import { selfAttention } from "../../../model/selfAttention.ts";
import * as calls from "../calls/model.ts";
import { drawn, withDropout } from "../hostCall.ts";

/** Every op of `src/model`. */
export const modelSubjects: readonly Subject[] = [
  subjectOf(patchEmbed, (draw) => drawn(calls.patchEmbedCall(draw))),
  subjectOf(embed, (draw) => withDropout(draw, calls.embedCall(draw))),
  subjectOf(mlp, (draw) => withDropout(draw, calls.mlpCall(draw))),
  subjectOf(selfAttention, (draw) => withDropout(draw, calls.selfAttentionCall(draw))),
  subjectOf(block, (draw) => withDropout(draw, calls.blockCall(draw))),
  subjectOf(encoderOf(block), (draw) => withDropout(draw, calls.encoderCall(draw))),
  subjectOf(classifierHeads, (draw) => drawn(calls.headsCall(draw))),
  subjectOf(meanOfLogits, (draw) => drawn(calls.meanOfLogitsCall(draw))),
  subjectOf(sumOfSoftmax, (draw) => drawn(calls.sumOfSoftmaxCall(draw))),
  subjectOf(deitLogits, (draw) => withDropout(draw, calls.deitCall(draw))),
];
