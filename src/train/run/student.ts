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
import { deitTaskWithin, type Memory } from "../step/deitTask.ts";
import { shareOfTeacher, type Distillation } from "../step/objective.ts";
import type { PreparedTeacher } from "../teachers/prepared.ts";
import type { Preparing } from "../teachers/preparing.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { identityOfData, identityOfTraining } from "../teachers/trained.ts";
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

/** A loss as plain data for a digest: without the direction that every older run had. */
export function identityOfDistillation(distillation: Distillation): object {
  if (distillation.kind !== "soft" || distillation.direction !== "teacher-first") return distillation;
  const { direction: _, ...older } = distillation;
  return older;
}

/** What determines the student's training, as plain data; equal for equal recipes of earlier versions. */
function identityOf({ recipe, teachers }: Pick<Checked, "recipe" | "teachers">): object {
  const { teachers: _, data, training, distillation, ...same } = recipe;
  const [first = null, ...more] = teachers.map(({ identity }) => identity);
  const teacher = more.length === 0 ? first : [first, ...more];
  return {
    ...same,
    name: null,
    data: identityOfData(data),
    training: identityOfTraining(training),
    distillation: identityOfDistillation(distillation),
    teacher,
  };
}

/** Top-1 of the three predictions, for the metrics: by both heads together, and by each. */
const topOnes = ({ mean, class: ofClass, distillation }: Evaluations): Measured => ({
  top1: mean.top1,
  ...(distillation === null ? {} : { top1_class: ofClass.top1, top1_distillation: distillation.top1 }),
});

/** The student's training, and how it is measured. */
export function studentTraining(
  { engine, recipe, sets, teachers }: Checked,
  memory: Memory,
): Omit<Training<DeitParams, null, null>, "initial" | "teacher"> {
  const { seed, data, model: config, training, mixing, distillation } = recipe;
  const { dropPath, dropout, smoothing } = training;
  const key = fold(keyOf(seed), "student");
  const evaluated = (params: DeitParams): Promise<Evaluations> =>
    evaluateHeads(engine, { config, params }, sets.test.batches(training.batch));
  return {
    task: deitTaskWithin(memory, { config, dropPath, dropout, distillation }),
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
      measured: async ({ params, average }) => ({
        ...topOnes(await evaluated(params)),
        ...(average === null ? {} : { top1_ema: (await evaluated(average)).mean.top1 }),
      }),
      forward: (k, { params }, batch) => scoresOfHeads(k, { config, params }, batch),
      sizes: sets.test.sizes,
    },
  };
}

/** The weights of a student, and their moving average if one is kept. */
interface Trained {
  readonly params: DeitParams;
  readonly average: DeitParams | null;
}

/** Trains the student and writes its weights; null: it was stopped. */
async function studentStage(
  engine: Engine,
  { model: config }: Recipe,
  training: Training<DeitParams, null, null>,
  sets: Sets,
  run: RunSettings,
): Promise<Trained | null> {
  const { state, interrupted } = await trainModel(engine, training, run);
  const { params, optimizer, average, lossScale } = state;
  engine.release([optimizer, lossScale]);
  if (interrupted) {
    engine.release([params, average]);
    return null;
  }
  const about = { config, classes: sets.train.classes, preprocessing: sets.normalisation };
  const write = async (name: string, tree: DeitParams): Promise<void> =>
    writeDurably(join(run.directory, name), writeWeights({ ...about, tensors: await readTree(engine, tree) }));
  if (leads(run)) {
    await write(WEIGHTS_FILE, params);
    if (average !== null) await write(AVERAGE_FILE, average);
  }
  return { params, average };
}

/** What is measured of a trained student on the test images. */
export interface StudentResult {
  readonly student: Evaluations;
  /** The moving average of the student's weights (E37); null: none was kept. */
  readonly average: Evaluations | null;
  /** null: a plain student. */
  readonly cosines: TokenCosines | null;
}

/** Trains the student and evaluates it; null: it was stopped. */
export async function runStudent(
  checked: Checked,
  teacher: Teacher | null,
  memory: Memory,
  run: RunSettings & { readonly onEpoch: (model: Deit, at: At) => Promise<void> },
): Promise<StudentResult | null> {
  const { engine, recipe, sets, weights } = checked;
  const { model: config } = recipe;
  const student = { ...studentTraining(checked, memory), teacher: teacher?.logits ?? null };
  const initial: Training<DeitParams, null, null>["initial"] = (k) => ({
    params: startingParams(k, config, fold(student.key, "init"), weights),
    buffers: null,
  });
  const trained = await studentStage(
    engine,
    recipe,
    { ...student, initial, onEpoch: ({ params }, at) => run.onEpoch({ config, params }, at) },
    sets,
    run,
  );
  if (trained === null) return null;
  const { params, average } = trained;
  const atOnce = await imagesHeldAtOnce(engine, { config, params }); // as in `deit eval`, so that the losses are equal
  const batches = (): Batches => sets.test.batches(atOnce);
  const evaluations = await evaluateHeads(engine, { config, params }, batches());
  const ofAverage = average === null ? null : await evaluateHeads(engine, { config, params: average }, batches());
  const cosines = await tokenCosines(engine, { config, params }, batches());
  engine.release([params, average]);
  return { student: evaluations, average: ofAverage, cosines };
}
