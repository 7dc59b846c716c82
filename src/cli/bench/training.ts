/**
 * `deit bench train --recipe R`: the steps of a real training of a recipe, first of its teacher if it trains one, then of its student. The run is
 * that of `deit train`, in a folder that is removed afterwards: the same loop, loader, metrics, evaluations and checkpoints.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clockOf } from "../../bench/clock.ts";
import { spreadOf, type Spread } from "../../bench/statistics.ts";
import type { Engine } from "../../kernels/engine.ts";
import { readRecipe, type ReadRecipe } from "../../recipe/recipe.ts";
import { runRecipe, type StageProgress } from "../../train/run/run.ts";
import type { Stage } from "../../train/run/view.ts";
import { say } from "../output.ts";
import { startSampling, type Part } from "./sampling.ts";

/** Steps of a stage before the first that counts, in which code is compiled and memory is touched for the first time. */
const WARM_STEPS = 60;
/** Epochs of a teacher: one to warm up, one that counts. */
const TEACHER_EPOCHS = 2;

/** What is timed, and how. */
export interface TrainingBench {
  readonly recipe: string;
  /** Changes to the recipe, as `deit train --set` has them. */
  readonly set: readonly string[];
  /** Threads that make batches; 0: the calling thread makes them. */
  readonly workers: number;
  /** Threads of the engine. */
  readonly threads: number;
  /** Steps of the student that count. */
  readonly steps: number;
  /** Whether to find where the time goes. */
  readonly profile: boolean;
}

/** The steps of one stage. */
export interface StageTiming {
  readonly stage: Stage;
  /**
   * ms of a step within an epoch, its batch included: processor time if one thread does everything, else wall-clock time. What follows the last step
   * of an epoch, the evaluation and the checkpoint, is left out.
   */
  readonly ms: Spread;
  /** The steps that were counted. */
  readonly steps: number;
  /** Share of the wall-clock time of the stage that was spent waiting for batches. */
  readonly dataWait: number;
  /** Where the time of all counted steps went, evaluations and checkpoints included, in ms a step; null: not asked for. */
  readonly parts: readonly Part[] | null;
}

/** The end of a step. */
interface Mark {
  readonly epoch: number;
  readonly step: number;
  readonly at: number;
}

/** The marks of one stage. */
interface Watched {
  readonly marks: Mark[];
  dataWait: number;
  parts: readonly Part[] | null;
}

/** The times between the ends of consecutive steps of one epoch. */
const timesWithin = (marks: readonly Mark[]): readonly number[] =>
  marks.flatMap(({ epoch, step, at }, i) => {
    const before = marks[i - 1];
    return before === undefined || before.epoch !== epoch || step <= WARM_STEPS ? [] : [at - before.at];
  });

/**
 * The recipe; a teacher that it trains is trained only briefly.
 *
 * @throws RangeError for a recipe that cannot be read or lacks something
 */
export function recipeOf({ recipe: name, set }: Pick<TrainingBench, "recipe" | "set">): ReadRecipe {
  const given = readRecipe(name, { set });
  const epochs = given.values.find(({ key }) => key === "teacher.training.epochs");
  if (epochs === undefined || epochs.source === "--set") return given;
  return readRecipe(name, { set: [...set, `teacher.training.epochs=${TEACHER_EPOCHS}`, "teacher.training.warmup_epochs=1"] });
}

/** Watches a run: the ends of its steps, and on request where the time between them goes. */
function watcher({ threads, workers, steps, profile }: TrainingBench): {
  readonly stages: ReadonlyMap<Stage, Watched>;
  readonly onProgress: (progress: StageProgress) => void;
  readonly enough: () => boolean;
} {
  const clock = clockOf(threads + workers);
  const stages = new Map<Stage, Watched>();
  let endSampling: ((steps: number) => readonly Part[]) | null = null;
  const onProgress = ({ stage, epoch, step, steps: all, dataWait }: StageProgress): void => {
    const watched = stages.get(stage) ?? { marks: [], dataWait: 0, parts: null };
    stages.set(stage, watched);
    watched.marks.push({ epoch, step, at: clock() });
    watched.dataWait = dataWait;
    if (!profile) return;
    if (step === WARM_STEPS) endSampling = startSampling();
    if (endSampling === null || (step !== all && step !== WARM_STEPS + steps)) return;
    watched.parts = endSampling(step - WARM_STEPS);
    endSampling = null;
  };
  const enough = (): boolean => (stages.get("student")?.marks.length ?? 0) >= WARM_STEPS + steps;
  return { stages, onProgress, enough };
}

/**
 * Trains until enough steps of the student are done, or until the recipe ends.
 *
 * @throws what a run throws; RangeError for a recipe that is too short for a step to count
 */
export async function timedTraining(engine: Engine, bench: TrainingBench, { recipe, text }: ReadRecipe): Promise<readonly StageTiming[]> {
  const { stages, onProgress, enough } = watcher(bench);
  const parent = await mkdtemp(join(tmpdir(), "deit-bench-"));
  try {
    await runRecipe(engine, recipe, {
      directory: join(parent, "run"),
      resume: false,
      recipeText: text,
      checkpointEvery: null,
      checkpointMinutes: 10,
      measureEvery: 1,
      onView: null,
      ranks: null,
      reference: null,
      onProgress,
      stop: enough,
      memory: "normal",
      workers: bench.workers,
      onNotice: say,
    });
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
  return [...stages].map(([stage, { marks, dataWait, parts }]) => {
    const times = timesWithin(marks);
    if (times.length === 0)
      throw new RangeError(
        `bench train: the ${stage} has ${marks.length} steps, and the first ${WARM_STEPS} only warm up; use more images or epochs`,
      );
    return { stage, ms: spreadOf(times), steps: times.length, dataWait, parts };
  });
}
