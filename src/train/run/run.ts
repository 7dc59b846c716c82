/** A run from its recipe: trains the teacher if there is one, then the student, and evaluates both on the test images. */
import { join } from "node:path";
import type { Batches } from "../../data/loader/batch.ts";
import { digestOfRecord } from "../../io/disk/digest.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { unlock } from "../../io/disk/lock.ts";
import { readTree } from "../../io/weights/trees.ts";
import { writeWeights } from "../../io/weights/weights.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { DeitParams } from "../../model/deit.ts";
import { buildParams } from "../../model/params.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import type { Accuracy } from "../evaluation/accuracy.ts";
import { fits, reserveBatch, type BatchProgram } from "../evaluation/capacity.ts";
import { deitTaskWithin, type Memory, type MemoryChoice } from "../step/deitTask.ts";
import { evaluateHeads, imagesAtOnce, scoresOfHeads, type Deit, type Evaluations } from "../evaluation/evaluate.ts";
import { keepData } from "./keptData.ts";
import { trainModel, type RunSettings } from "./loop.ts";
import { trainingOnShapes } from "./onShapes.ts";
import type { OnEpoch, Training } from "./training.ts";
import type { Progress } from "./progress.ts";
import type { Recipe } from "./recipe.ts";
import { openRunFolder } from "./folder.ts";
import { openSets, type Sets } from "./sets.ts";
import { startingParams, startingWeights, type StartingWeights } from "./startingWeights.ts";
import { predictBy, runTeacher, teacherOnShapes, type Teacher } from "./teacher.ts";
import { tokenCosines, type TokenCosines } from "../evaluation/tokenCosines.ts";
import type { RunView, Stage } from "./view.ts";

/** The progress of one stage. */
export interface StageProgress extends Progress {
  readonly stage: Stage;
}

/** How a run is carried out; no result depends on it. */
export interface RunOptions extends Omit<RunSettings, "onProgress"> {
  /** The recipe as TOML, which is stored with the results. */
  readonly recipeText: string;
  readonly onProgress: ((progress: StageProgress) => void) | null;
  /** Called at the end of each epoch but the last of a stage; null: nobody looks. */
  readonly onView: ((engine: Engine, view: RunView) => Promise<void>) | null;
  /** How much memory the student's training takes. */
  readonly memory: MemoryChoice;
}

/** The results of a finished run on the test images. */
export interface RunResult {
  readonly interrupted: false;
  /** null: no teacher. */
  readonly teacher: Accuracy | null;
  readonly student: Evaluations;
  /** null: a plain student. */
  readonly cosines: TokenCosines | null;
}

/** A run that was stopped, and saved. */
export interface Interrupted {
  readonly interrupted: true;
}

/** The student's training, and how it is measured. */
function studentTraining(
  engine: Engine,
  recipe: Recipe,
  teacher: Teacher["predict"] | null,
  sets: Sets,
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
    digest: digestOfRecord({ ...recipe, name: null }),
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

/** The whole run on shapes alone, with batches of at most n images: the teacher's training, then the student's while the teacher is in memory. */
const runOnShapes =
  (engine: Engine, recipe: Recipe, sets: Sets, memory: Memory): BatchProgram<null> =>
  (k, _, n) => {
    const { model: config, teacher: taught, training } = recipe;
    const teacher = taught === null ? null : teacherOnShapes(k, engine, recipe, taught, sets, Math.min(n, taught.training.batch));
    const predict = taught === null || teacher === null ? null : predictBy(taught.model, teacher);
    const model = { params: buildParams(config, (__, shape) => k.zeros(shape)), buffers: null };
    trainingOnShapes(k, studentTraining(engine, recipe, predict, sets, memory), model, Math.min(n, training.batch));
  };

/** Reserves the memory of the whole run. Returns how the student uses memory. */
function reserveMemory(engine: Engine, recipe: Recipe, sets: Sets, choice: MemoryChoice): Memory {
  const batch = Math.max(recipe.training.batch, recipe.teacher?.training.batch ?? 0);
  const program = (of: Memory): BatchProgram<null> => runOnShapes(engine, recipe, sets, of);
  const fitting = (): Memory => (fits(engine, null, program("normal"), batch) ? "normal" : "low");
  const memory = choice === "fit" ? fitting() : choice;
  reserveBatch(engine, batch, {
    held: null,
    program: program(memory),
    lean: memory === "low" ? null : program("low"),
  });
  return memory;
}

/** Trains teacher and student and evaluates them, in an existing folder. */
async function runStages(
  engine: Engine,
  recipe: Recipe,
  sets: Sets,
  weights: StartingWeights,
  memory: Memory,
  options: RunOptions,
): Promise<RunResult | Interrupted> {
  const { model: config, teacher: taught } = recipe;
  const { directory, onProgress, onView } = options;
  const settings = (stage: Stage, folder: string): RunSettings => ({
    ...options,
    directory: folder,
    onProgress: onProgress === null ? null : (progress) => onProgress({ ...progress, stage }),
  });
  const view = async (stage: Stage, at: { readonly step: number; readonly steps: number }, model: Deit | null): Promise<void> =>
    onView?.(engine, { stage, ...at, student: model });
  const ofTeacher = settings("teacher", join(directory, "teacher"));
  const teacher = taught === null ? null : await runTeacher(engine, recipe, taught, sets, ofTeacher, (_, at) => view("teacher", at, null));
  if (taught !== null && teacher === null) return { interrupted: true };
  const student = studentTraining(engine, recipe, teacher?.predict ?? null, sets, memory);
  const initial: Training<DeitParams, null, null>["initial"] = (k) => ({
    params: startingParams(k, config, fold(student.key, "init"), weights),
    buffers: null,
  });
  const onEpoch: OnEpoch<DeitParams, null> = ({ params: now }, at) => view("student", at, { config, params: now });
  const params = await studentStage(engine, recipe, { ...student, initial, onEpoch }, sets, settings("student", directory));
  if (params === null) {
    engine.release(teacher?.model ?? null);
    return { interrupted: true };
  }
  const atOnce = imagesAtOnce(engine, { config, params }); // as in `deit eval`, so that the losses are equal
  const batches = (): Batches => sets.test.batches(atOnce);
  const evaluations = await evaluateHeads(engine, { config, params }, batches());
  const cosines = await tokenCosines(engine, { config, params }, batches());
  engine.release([params, teacher?.model ?? null]);
  return { interrupted: false, teacher: teacher?.accuracy ?? null, student: evaluations, cosines };
}

/**
 * Runs a recipe in a folder: recipe.toml, teacher/, metrics.jsonl, checkpoints/, weights.safetensors.
 *
 * @throws MemoryError, or RangeError for data or weights that do not fit, a folder that exists already or in which a run is going on, all before
 * anything is written; CheckpointError, LossError
 */
export async function runRecipe(engine: Engine, recipe: Recipe, options: RunOptions): Promise<RunResult | Interrupted> {
  const weights = await startingWeights(recipe);
  const sets = await openSets(engine, recipe, options);
  try {
    const memory = reserveMemory(engine, recipe, sets, options.memory);
    await openRunFolder(options);
    try {
      await keepData(options.directory, "train", sets.train);
      await keepData(options.directory, "test", sets.test.dataset);
      return await runStages(engine, recipe, sets, weights, memory, options);
    } finally {
      unlock(options.directory);
    }
  } finally {
    await sets.close();
  }
}
