/** Measures a teacher on a set of images. */
import type { Batches } from "../../data/loader/batch.ts";
import type { Engine } from "../../kernels/engine.ts";
import { judge, scoredByLogits, total, type Accuracy, type Judgement } from "../evaluation/accuracy.ts";
import { uploadBatch } from "../step/uploadBatch.ts";
import type { Teacher } from "./teacher.ts";

/** The accuracy on all batches, whose images are normalised as the teacher expects them from the student. Frees everything but the teacher. */
export async function accuracyOf(
  engine: Engine,
  { logits }: Pick<Teacher, "logits">,
  classes: number,
  batches: Batches,
): Promise<Accuracy> {
  const k = engine.kernels;
  const judgements: Judgement[] = [];
  for await (const batch of batches) {
    const { images, labels } = uploadBatch(k, batch);
    const z = await logits(k, images);
    const reads: Promise<Judgement>[] = [];
    k.region("evaluate", () => {
      reads.push(judge(engine, scoredByLogits(k, z, k.oneHot(labels, classes)), batch.labels));
      return null;
    });
    engine.release([images, labels, z]);
    judgements.push(...(await Promise.all(reads)));
  }
  return total(judgements);
}
