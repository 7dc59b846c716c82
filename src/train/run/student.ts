/** The student's part of a run: its training, and what is measured of it in the end. */
import { join } from "node:path";
import type { Batches } from "../../data/loader/batch.ts";
import { digestOfRecord } from "../../io/disk/digest.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { readTree } from "../../io/weights/trees.ts";
import { writeWeights } from "../../io/weights/weights.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { DeitParams } from "../../model/deit.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import { evaluateHeads, imagesAtOnce, scoresOfHeads, type Deit, type Evaluations } from "../evaluation/evaluate.ts";
import { tokenCosines, type TokenCosines } from "../evaluation/tokenCosines.ts";
import { deitTaskWithin, type Memory } from "../step/deitTask.ts";
import type { PreparedTeacher } from "../teachers/prepared.ts";
import type { Preparing } from "../teachers/preparing.ts";
import type { Predict, Teacher } from "../teachers/teacher.ts";
import { identityOfTraining } from "../teachers/trained.ts";
import { trainModel, type RunSettings } from "./loop.ts";
import type { Recipe } from "./recipe.ts";
import type { Sets } from "./sets.ts";
import { startingParams, type StartingWeights } from "./startingWeights.ts";
import type { Training } from "./training.ts";

/** What a run consists of, once it has been checked. */
export interface Checked extends Preparing {
  readonly teachers: readonly PreparedTeacher[];
  readonly weights: StartingWeights;
}

/** z_t within the training step. @throws RangeError for a teacher that runs on the host */
const onEngine =
  ({ name, logits }: Teacher): Predict =>
  (k, images) => {
    const z = logits(k, images);
    if (z instanceof Promise) throw new RangeError(`${name}: a teacher on the host cannot give its logits within a step`);
    return z;
  };

/** What determines the student's training, as plain data; equal for equal recipes of earlier versions. */
function identityOf({ recipe, teachers }: Pick<Checked, "recipe" | "teachers">): object {
  const { teachers: _, training, ...same } = recipe;
  const [first = null, ...more] = teachers.map(({ identity }) => identity);
  return { ...same, name: null, training: identityOfTraining(training), teacher: more.length === 0 ? first : [first, ...more] };
}

/** The student's training, and how it is measured. */
export function studentTraining(
  { engine, recipe, sets, teachers }: Checked,
  teacher: Predict | null,
  memory: Memory,
): Omit<Training<DeitParams, null, null>, "initial"> {
  const { seed, data, model: config, training, mixing, distillation } = recipe;
  const { dropPath, dropout, smoothing } = training;
  const key = fold(keyOf(seed), "student");
  const evaluated = ({ params }: Deit): Promise<Evaluations> =>
    evaluateHeads(engine, { config, params }, sets.test.batches(training.batch));
  return {
    task: deitTaskWithin(memory, { config, smoothing, dropPath, dropout, distillation, teacher }),
    training,
    dataset: sets.train,
    side: config.imageSize,
    data,
    mixing,
    group: mixing.group,
    key,
    digest: digestOfRecord(identityOf({ recipe, teachers })),
    measurement: {
      measured: async ({ params }) => ({ top1: (await evaluated({ config, params })).mean.top1 }),
      forward: (k, { params }, batch) => scoresOfHeads(k, { config, params }, batch),
      sizes: sets.test.sizes,
    },
  };
}

/** Trains the student; null: it was stopped. */
async function studentStage(
  engine: Engine,
  { model: config }: Recipe,
  training: Training<DeitParams, null, null>,
  sets: Sets,
  run: RunSettings,
): Promise<DeitParams | null> {
  const { state, interrupted } = await trainModel(engine, training, run);
  const { params, optimizer, average, lossScale } = state;
  engine.release([optimizer, average, lossScale]);
  if (interrupted) {
    engine.release(params);
    return null;
  }
  const { classes } = sets.train;
  const weights = writeWeights({ config, classes, preprocessing: sets.normalisation, tensors: await readTree(engine, params) });
  await writeDurably(join(run.directory, "weights.safetensors"), weights);
  return params;
}

/** What is measured of a trained student on the test images. */
export interface StudentResult {
  readonly student: Evaluations;
  /** null: a plain student. */
  readonly cosines: TokenCosines | null;
}

/** Trains the student and evaluates it; null: it was stopped. */
export async function runStudent(
  checked: Checked,
  teacher: Teacher | null,
  memory: Memory,
  run: RunSettings,
): Promise<StudentResult | null> {
  const { engine, recipe, sets, weights } = checked;
  const { model: config } = recipe;
  const student = studentTraining(checked, teacher === null ? null : onEngine(teacher), memory);
  const initial: Training<DeitParams, null, null>["initial"] = (k) => ({
    params: startingParams(k, config, fold(student.key, "init"), weights),
    buffers: null,
  });
  const params = await studentStage(engine, recipe, { ...student, initial }, sets, run);
  if (params === null) return null;
  const atOnce = imagesAtOnce(engine, { config, params }); // as in `deit eval`, so that the losses are equal
  const batches = (): Batches => sets.test.batches(atOnce);
  const evaluations = await evaluateHeads(engine, { config, params }, batches());
  const cosines = await tokenCosines(engine, { config, params }, batches());
  engine.release(params);
  return { student: evaluations, cosines };
}
