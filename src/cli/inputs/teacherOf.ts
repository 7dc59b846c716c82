/** Reads the teacher of a run from the run's folder. */
import { statSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Kernels } from "../../kernels/kernels.ts";
import { seenBy, type View } from "../../train/teachers/images.ts";
import { uploaded } from "../../train/teachers/network.ts";
import { networkAt } from "../../train/teachers/stored.ts";
import type { Predict } from "../../train/teachers/teacher.ts";

/** Uploads the teacher to an engine; returns its forward pass. */
export type StoredTeacher = (k: Kernels) => Predict;

/**
 * The teacher that a run has trained, as a network of the student's images; null: the source is not a run, or the run has trained none, or several.
 *
 * @throws RangeError for a damaged file
 */
export async function teacherOf(source: string, student: View): Promise<StoredTeacher | null> {
  const is = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });
  if (is(source)?.isDirectory() !== true) return null; // statSync throws for a path below a file
  const path = join(source, "teacher", "weights.safetensors");
  if (is(path)?.isFile() !== true) return null;
  const network = await networkAt(path, { head: "mean", imageSize: null });
  const { side, normalisation } = network;
  const view = { side: side ?? student.side, normalisation: normalisation ?? student.normalisation };
  return (k) => {
    const { predict } = uploaded(k, network);
    return (of, images) => predict(of, seenBy(of, images, student, view));
  };
}
