/** The losses as subjects of the laws of ops; logits are moderate, so that finite differences are exact enough. */
import { subjectOf, type Subject } from "../../../check/laws/subject.ts";
import { crossEntropy } from "../../../losses/crossEntropy.ts";
import { divergence } from "../../../losses/divergence.ts";
import { hardDistillation } from "../../../losses/hardDistillation.ts";
import { reverseDivergence } from "../../../losses/reverseDivergence.ts";
import { softDistillation } from "../../../losses/softDistillation.ts";
import { twoClassTokens } from "../../../losses/twoClassTokens.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../../losses/usualDistillation.ts";
import {
  crossEntropyCall,
  divergenceCall,
  hardDistillationCall,
  moderate,
  reverseDivergenceCall,
  softDistillationCall,
  twoClassTokensCall,
  usualHardCall,
  usualSoftCall,
} from "../calls/losses.ts";
import { drawn } from "../hostCall.ts";

/** Every op of `src/losses`. */
export const lossSubjects: readonly Subject[] = [
  subjectOf(crossEntropy, (draw) => drawn(crossEntropyCall(draw, moderate, draw.oneOf([false, true])))),
  subjectOf(divergence, (draw) => drawn(divergenceCall(draw, moderate))),
  subjectOf(reverseDivergence, (draw) => drawn(reverseDivergenceCall(draw, moderate))),
  subjectOf(softDistillation, (draw) => drawn(softDistillationCall(draw, moderate))),
  subjectOf(hardDistillation, (draw) => drawn(hardDistillationCall(draw, moderate))),
  subjectOf(usualSoftDistillation, (draw) => drawn(usualSoftCall(draw, moderate))),
  subjectOf(usualHardDistillation, (draw) => drawn(usualHardCall(draw, moderate))),
  subjectOf(twoClassTokens, (draw) => drawn(twoClassTokensCall(draw, moderate))),
];
