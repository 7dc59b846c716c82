/** A run from its recipe: makes the teachers if there are any, then trains the student, and evaluates all of them on the test images. */
import { unlock } from "../../io/disk/lock.ts";
import type { Engine } from "../../kernels/engine.ts";
import { buildParams } from "../../model/params.ts";
import { MemoryError } from "../../tensor/errors.ts";
import type { Accuracy } from "../evaluation/accuracy.ts";
import { fits, holdBatch, type BatchProgram } from "../evaluation/capacity.ts";
import type { Memory, MemoryChoice } from "../step/deitTask.ts";
import { withTrained } from "../step/trainedPart.ts";
import { accuracyOf } from "../teachers/measure.ts";
import type { MakeOptions, PreparedTeacher } from "../teachers/prepared.ts";
import type { Preparing } from "../teachers/preparing.ts";
import { togetherOf } from "../teachers/teacher.ts";
import { closeTeachers, madeTeachers, preparedTeachers, teacherFolder, teachersOnShapes, teacherStage } from "../teachers/teachers.ts";
import { openRunFolder } from "./folder.ts";
import { keepData } from "./keptData.ts";
import type { RunSettings } from "./loop.ts";
import { trainingOnShapes } from "./onShapes.ts";
import type { Progress } from "./progress.ts";
import type { Recipe, RecipeTeacher } from "./recipe.ts";
import { openSets } from "./sets.ts";
import { startingWeights } from "./startingWeights.ts";
import { runStudent, studentTraining, type Checked, type StudentResult } from "./student.ts";
import { leads } from "./sumOverRanks.ts";
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
export interface RunResult extends StudentResult {
  readonly interrupted: false;
  /** Of what the student learns from: its teacher, or several together; null: no teacher. */
  readonly teacher: Accuracy | null;
  /** Each of the teachers. */
  readonly teachers: readonly { readonly name: string; readonly accuracy: Accuracy | null }[];
}

/** A run that was stopped, and saved. */
export interface Interrupted {
  readonly interrupted: true;
}

/** The whole run on shapes alone, with batches of at most n images: the teachers' trainings, then the student's while the teachers are in memory. */
const runOnShapes =
  (checked: Checked, memory: Memory): BatchProgram<null> =>
  (k, _, n) => {
    const { model: config, training } = checked.recipe;
    const predict = teachersOnShapes(k, checked.teachers, checked, n, memory);
    const params = buildParams(config, (__, shape) => k.zeros(shape));
    withTrained(training.trained, (part) => {
      const student = { ...studentTraining(checked, part, memory), teacher: predict };
      trainingOnShapes(k, student, part.divided(params), Math.min(n, training.batch));
    });
  };

/** Holds the memory of the whole run. Returns how a DeiT's training uses memory. */
async function holdMemory(checked: Checked, choice: MemoryChoice): Promise<Memory> {
  const { engine, recipe, teachers } = checked;
  const batch = Math.max(recipe.training.batch, ...teachers.map((teacher) => teacher.batch));
  const program = (of: Memory): BatchProgram<null> => runOnShapes(checked, of);
  const hold = async (memory: Memory): Promise<Memory> => {
    await holdBatch(engine, batch, { held: null, program: program(memory), lean: memory === "low" ? null : program("low") });
    return memory;
  };
  if (choice !== "fit") return hold(choice);
  if (!fits(engine, null, program("normal"), batch)) return hold("low");
  return hold("normal").catch((error: unknown) => {
    if (error instanceof MemoryError) return hold("low"); // the device had less than the engine knew of
    throw error;
  });
}

/** Trains teachers and student and evaluates them, in an existing folder. */
async function runStages(checked: Checked, memory: Memory, options: RunOptions): Promise<RunResult | Interrupted> {
  const { engine, recipe, sets } = checked;
  const { directory, onProgress, onView } = options;
  const count = checked.teachers.length;
  const stage = (name: Stage): RunSettings["onProgress"] =>
    onProgress === null ? null : (progress) => onProgress({ ...progress, stage: name });
  const optionsOf = (index: number): MakeOptions => ({
    ...options,
    onEpoch: async (at) => onView?.(engine, { ...at, stage: teacherStage(index, count), student: null }),
    memory,
    directory: teacherFolder(directory, index, count),
    onProgress:
      onProgress === null
        ? null
        : (progress, part) => onProgress({ ...progress, stage: `${teacherStage(index, count)}${part === null ? "" : `/${part}`}` }),
  });
  const teachers = await madeTeachers(checked.teachers, checked, optionsOf);
  if (teachers === null) return { interrupted: true };
  const teacher = togetherOf(teachers);
  const { classes } = recipe.model;
  const accuracy =
    teacher === null ? null : (teacher.accuracy ?? (await accuracyOf(engine, teacher, classes, sets.test.batches(recipe.training.batch))));
  const student = await runStudent(checked, teacher, memory, {
    ...options,
    onProgress: stage("student"),
    onEpoch: async (model, at) => onView?.(engine, { ...at, stage: "student", student: model }),
  });
  await teacher?.release();
  if (student === null) return { interrupted: true };
  return { interrupted: false, teacher: accuracy, teachers: teachers.map(({ name, accuracy }) => ({ name, accuracy })), ...student };
}

/** Trains the student of a teacher's recipe in a folder; false: it was stopped. */
async function runTeachersRecipe(engine: Engine, { recipe, text }: RecipeTeacher, options: MakeOptions): Promise<boolean> {
  const { onProgress } = options;
  const { interrupted } = await runRecipe(engine, recipe, {
    ...options,
    recipeText: text,
    onView: null,
    onProgress: onProgress === null ? null : ({ stage, ...progress }) => onProgress(progress, stage),
  });
  return !interrupted;
}

/**
 * Runs a recipe in a folder: recipe.toml, teacher/ or teacher-0/, …, metrics.jsonl, checkpoints/, weights.safetensors.
 *
 * @throws MemoryError, or RangeError for data, teachers or weights that do not fit, a folder that exists already or in which a run is going on, all
 * before anything is written; CheckpointError, LossError
 */
export async function runRecipe(engine: Engine, recipe: Recipe, options: RunOptions): Promise<RunResult | Interrupted> {
  const weights = await startingWeights(recipe);
  const sets = await openSets(engine, recipe, options);
  let teachers: readonly PreparedTeacher[] = [];
  try {
    const preparing: Preparing = {
      engine,
      recipe,
      sets,
      openSets: (of) => openSets(engine, of, { ...options, onNotice: () => undefined }), // the same images, about which the notices have been given
      run: (teacher, made) => runTeachersRecipe(engine, teacher, made),
    };
    teachers = await preparedTeachers(preparing);
    const checked: Checked = { ...preparing, teachers, weights };
    const memory = await holdMemory(checked, options.memory);
    if (leads(options)) await openRunFolder(options);
    try {
      if (leads(options)) {
        await keepData(options.directory, "train", sets.train);
        await keepData(options.directory, "test", sets.test.dataset);
      }
      await options.ranks?.ranks.barrier(); // the folder is there
      return await runStages(checked, memory, options);
    } finally {
      if (leads(options)) unlock(options.directory);
    }
  } finally {
    await closeTeachers(teachers);
    await sets.close();
  }
}
