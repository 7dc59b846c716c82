/** A run from its recipe: the teacher if there is one, the student on the teacher's word, and how both do on the test images. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openSets, type Sets } from "../data/sets.ts";
import { digestOfRecord } from "../io/digest.ts";
import { writeDurably } from "../io/durable.ts";
import { readTree } from "../io/trees.ts";
import { writeWeights } from "../io/weights.ts";
import type { Engine } from "../kernels/engine.ts";
import { deitLogits, type DeitParams } from "../model/deit.ts";
import { initialParams } from "../model/init.ts";
import { fold, keyOf } from "../tensor/key.ts";
import type { Accuracy } from "./accuracy.ts";
import { deitTask } from "./deitTask.ts";
import { evaluateHeads, type Evaluations } from "./evaluate.ts";
import { trainModel, type RunSettings } from "./loop.ts";
import type { Progress } from "./progress.ts";
import type { Recipe } from "./recipe.ts";
import { runTeacher, type Teacher } from "./runTeacher.ts";
import { tokenCosines, type TokenCosines } from "./tokenCosines.ts";

export type Stage = "teacher" | "student";

export interface StageProgress extends Progress {
  readonly stage: Stage;
}

export interface RunOptions extends Omit<RunSettings, "onProgress"> {
  /** The recipe as its author wrote it; kept beside the results. */
  readonly recipeText: string;
  readonly onProgress: ((progress: StageProgress) => void) | null;
}

/** On the test images. */
export interface RunResult {
  readonly interrupted: false;
  /** null: no teacher. */
  readonly teacher: Accuracy | null;
  readonly student: Evaluations;
  /** null: a plain student. */
  readonly cosines: TokenCosines | null;
}

export interface Interrupted {
  readonly interrupted: true;
}

/** Trains the student; null: it was stopped. */
async function studentStage(
  engine: Engine,
  recipe: Recipe,
  teacher: Teacher | null,
  sets: Sets,
  run: RunSettings,
): Promise<DeitParams | null> {
  const { seed, data, model: config, training, distillation } = recipe;
  const { dropPath, dropout, smoothing } = training;
  const key = fold(keyOf(seed), "student");
  const { state, interrupted } = await trainModel(
    engine,
    {
      task: deitTask({ config, model: deitLogits, smoothing, dropPath, dropout, distillation, teacher: teacher?.predict ?? null }),
      initial: (k) => ({ params: initialParams(k, config, fold(key, "init")), buffers: null }),
      training,
      dataset: sets.train,
      data,
      key,
      digest: digestOfRecord({ ...recipe, name: null }),
      evaluate: async ({ params }) => ({ top1: (await evaluateHeads(engine, { config, params }, sets.testBatches())).mean.top1 }),
    },
    run,
  );
  const { params, optimizer, average } = state;
  engine.release([optimizer, average]);
  if (interrupted) {
    engine.release(params);
    return null;
  }
  const { classes } = sets.train;
  const weights = writeWeights({ config, classes, preprocessing: sets.normalisation, tensors: await readTree(engine, params) });
  await writeDurably(join(run.directory, "weights.safetensors"), weights);
  return params;
}

/** Makes the folder of a run, or finds it. */
async function openFolder({ directory, resume, recipeText }: RunOptions): Promise<void> {
  if (!resume && existsSync(directory)) throw new RangeError(`run: ${directory} is there already; resume it, or choose another folder`);
  await mkdir(directory, { recursive: true });
  const path = join(directory, "recipe.toml");
  if (!existsSync(path)) await writeDurably(path, recipeText);
}

/**
 * Runs a recipe in a folder: recipe.toml, teacher/, metrics.jsonl, checkpoints/, weights.safetensors.
 *
 * @throws RangeError for data that does not fit or a folder that is there already; CheckpointError, LossError
 */
export async function runRecipe(engine: Engine, recipe: Recipe, options: RunOptions): Promise<RunResult | Interrupted> {
  const { model: config, data } = recipe;
  const { directory, onProgress } = options;
  const sets = openSets(data, { channels: config.channels, side: config.imageSize, classes: config.classes });
  await openFolder(options);
  const settings = (stage: Stage, folder: string): RunSettings => ({
    ...options,
    directory: folder,
    onProgress: onProgress === null ? null : (progress) => onProgress({ ...progress, stage }),
  });

  const taught = recipe.teacher;
  const teacher = taught === null ? null : await runTeacher(engine, recipe, taught, sets, settings("teacher", join(directory, "teacher")));
  if (taught !== null && teacher === null) return { interrupted: true };
  const params = await studentStage(engine, recipe, teacher, sets, settings("student", directory));
  if (params === null) {
    engine.release(teacher?.model ?? null);
    return { interrupted: true };
  }
  const student = await evaluateHeads(engine, { config, params }, sets.testBatches());
  const cosines = await tokenCosines(engine, { config, params }, sets.testBatches());
  engine.release([params, teacher?.model ?? null]);
  return { interrupted: false, teacher: teacher?.accuracy ?? null, student, cosines };
}
