/** The student's part of a run: its training, and what is measured of it in the end. */
import { join } from "node:path";
import type { Batches } from "../../data/loader/batch.ts";
import { digestOfRecord } from "../../io/disk/digest.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { AVERAGE_FILE, WEIGHTS_FILE } from "../../io/weights/weightsFile.ts";
import { readTree } from "../../io/weights/trees.ts";
import { writeWeights } from "../../io/weights/weights.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { DeitParams } from "../../model/deit.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import { evaluateHeads, imagesHeldAtOnce, scoresOfHeads, type Deit, type Evaluations } from "../evaluation/evaluate.ts";
import { tokenCosines, type TokenCosines } from "../evaluation/tokenCosines.ts";
import type { Memory } from "../step/deitTask.ts";
import { shareOfTeacher } from "../step/objective.ts";
import { withTrained, type TrainedPart } from "../step/trainedPart.ts";
import type { PreparedTeacher } from "../teachers/prepared.ts";
import type { Preparing } from "../teachers/preparing.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { identityOfData, identityOfDistillation, identityOfInit, identityOfTrained, identityOfTraining } from "../teachers/trained.ts";
import { trainModel, type RunSettings } from "./loop.ts";
import type { Recipe } from "./recipe.ts";
import type { Sets } from "./sets.ts";
import { startingParams, type StartingWeights } from "./startingWeights.ts";
import { leads } from "./sumOverRanks.ts";
import type { At, Measured, Training } from "./training.ts";

/** What a run consists of, once it has been checked. */
export interface Checked extends Preparing {
  readonly teachers: readonly PreparedTeacher[];
  readonly weights: StartingWeights;
}

/** What determines the student's training, as plain data; equal for equal recipes of earlier versions. */
function identityOf({ recipe, teachers }: Pick<Checked, "recipe" | "teachers">): object {
  const { teachers: _, data, init, training, distillation, ...same } = recipe;
  const [first = null, ...more] = teachers.map(({ identity }) => identity);
  const teacher = more.length === 0 ? first : [first, ...more];
  return {
    ...same,
    name: null,
    data: identityOfData(data),
    init: identityOfInit(init),
    training: identityOfTraining(identityOfTrained(training)),
    distillation: identityOfDistillation(distillation),
    teacher,
  };
}

/** Top-1 of the three predictions, for the metrics: by both heads together, and by each. */
const topOnes = ({ mean, class: ofClass, distillation }: Evaluations): Measured => ({
  top1: mean.top1,
  ...(distillation === null ? {} : { top1_class: ofClass.top1, top1_distillation: distillation.top1 }),
});

/** The training of a part of the student, and how the student is measured. */
export function studentTraining<P, B>(
  { engine, recipe, sets, teachers }: Checked,
  part: TrainedPart<P, B>,
  memory: Memory,
): Omit<Training<P, B, null>, "initial" | "teacher"> {
  const { seed, data, model: config, training, mixing, distillation } = recipe;
  const { dropPath, dropout, smoothing } = training;
  const key = fold(keyOf(seed), "student");
  const evaluated = (params: DeitParams): Promise<Evaluations> =>
    evaluateHeads(engine, { config, params }, sets.test.batches(training.batch));
  return {
    task: part.taskWithin(memory, { config, dropPath, dropout, distillation }),
    target: { classes: config.classes, smoothing },
    teacherShare: shareOfTeacher(distillation),
    training,
    dataset: sets.train,
    side: config.imageSize,
    data,
    mixing,
    group: mixing.group,
    key,
    digest: digestOfRecord(identityOf({ recipe, teachers })),
    measurement: {
      measured: async ({ params, buffers, average }) => ({
        ...topOnes(await evaluated(part.all({ params, buffers }))),
        ...(average === null ? {} : { top1_ema: (await evaluated(part.all({ params: average, buffers }))).mean.top1 }),
      }),
      forward: (k, model, batch) => scoresOfHeads(k, { config, params: part.all(model) }, batch),
      sizes: sets.test.sizes,
    },
  };
}

/** The weights of a student, and their moving average if one is kept. */
interface Trained {
  readonly params: DeitParams;
  readonly average: DeitParams | null;
  /** The tensors of both, each of them once, since those that are not trained belong to both. */
  readonly tensors: unknown;
}

/** Trains the student and writes its weights; null: it was stopped. */
async function studentStage<P, B>(
  engine: Engine,
  { model: config }: Recipe,
  part: TrainedPart<P, B>,
  training: Training<P, B, null>,
  sets: Sets,
  run: RunSettings,
): Promise<Trained | null> {
  const { state, interrupted } = await trainModel(engine, training, run);
  const { params: own, buffers, optimizer, average: ofOwn, lossScale } = state;
  const tensors = [own, buffers, ofOwn];
  engine.release([optimizer, lossScale]);
  if (interrupted) {
    engine.release(tensors);
    return null;
  }
  const params = part.all({ params: own, buffers });
  const average = ofOwn === null ? null : part.all({ params: ofOwn, buffers });
  const about = { config, classes: sets.train.classes, preprocessing: sets.normalisation };
  const write = async (name: string, tree: DeitParams): Promise<void> =>
    writeDurably(join(run.directory, name), writeWeights({ ...about, tensors: await readTree(engine, tree) }));
  if (leads(run)) {
    await write(WEIGHTS_FILE, params);
    if (average !== null) await write(AVERAGE_FILE, average);
  }
  return { params, average, tensors };
}

/** What is measured of a trained student on the test images. */
export interface StudentResult {
  readonly student: Evaluations;
  /** The moving average of the student's weights (E37); null: none was kept. */
  readonly average: Evaluations | null;
  /** null: a plain student. */
  readonly cosines: TokenCosines | null;
}

/** A student's run, and who looks at it. */
type StudentRun = RunSettings & { readonly onEpoch: (model: Deit, at: At) => Promise<void> };

/** The student with its part trained; null: it was stopped. */
function trainedStudent<P, B>(
  checked: Checked,
  part: TrainedPart<P, B>,
  teacher: Teacher | null,
  memory: Memory,
  run: StudentRun,
): Promise<Trained | null> {
  const { engine, recipe, sets, weights } = checked;
  const { model: config } = recipe;
  const student = { ...studentTraining(checked, part, memory), teacher: teacher?.logits ?? null };
  const training: Training<P, B, null> = {
    ...student,
    initial: (k) => part.divided(startingParams(k, config, fold(student.key, "init"), weights)),
    onEpoch: (model, at) => run.onEpoch({ config, params: part.all(model) }, at),
  };
  return studentStage(engine, recipe, part, training, sets, run);
}

/** Trains the student and evaluates it; null: it was stopped. */
export async function runStudent(
  checked: Checked,
  teacher: Teacher | null,
  memory: Memory,
  run: StudentRun,
): Promise<StudentResult | null> {
  const { engine, recipe, sets } = checked;
  const { model: config } = recipe;
  const trained = await withTrained(recipe.training.trained, (part) => trainedStudent(checked, part, teacher, memory, run));
  if (trained === null) return null;
  const { params, average, tensors } = trained;
  const atOnce = await imagesHeldAtOnce(engine, { config, params }); // as in `deit eval`, so that the losses are equal
  const batches = (): Batches => sets.test.batches(atOnce);
  const evaluations = await evaluateHeads(engine, { config, params }, batches());
  const ofAverage = average === null ? null : await evaluateHeads(engine, { config, params: average }, batches());
  const cosines = await tokenCosines(engine, { config, params }, batches());
  engine.release(tensors);
  return { student: evaluations, average: ofAverage, cosines };
}
