/** The runs of a comparison of several arms: which runs it consists of, and whether existing runs are the ones that the command asks for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { engineOfCheckpoints } from "../../io/checkpoint/read.ts";
import type { Arm } from "../../experiments/experiment.ts";
import { filled, isArm, needsOf, rounds, type Step } from "../../experiments/placeholders.ts";
import { checkFolderPath } from "../../io/disk/folder.ts";
import { checkUnlocked } from "../../io/disk/lock.ts";
import { readRecipe, type ReadRecipe } from "../../recipe/recipe.ts";
import { teacherFolder } from "../../train/teachers/teachers.ts";
import type { Origin } from "./kept.ts";
import { changesTo, differences, differencesText, recipeOfRun, recipePath } from "./recipeOfRun.ts";

/** A step with a seed: a run, or a measurement. */
export interface Job<S extends Step = Step> {
  readonly seed: number;
  readonly step: S;
  /** The folder of the run; of a measurement its name without an ending. */
  readonly path: string;
}

const isRun = (job: Job): job is Job<Arm> => isArm(job.step);

/** What the command asks for. */
export interface Asked {
  /** The name or the path of the arms' recipe; null: there are no arms. */
  readonly recipe: string | null;
  readonly set: readonly string[];
  readonly steps: readonly Step[];
  readonly seeds: number;
  /** The images that `{data}` stands for; null: no step has it. */
  readonly data: string | null;
  /** The folder of the runs. */
  readonly root: string;
  readonly engine: string;
}

const pathOf = (root: string, name: string, seed: number): string => join(root, `${name}-${seed}`);

/** Each step for each seed, in rounds that need only runs of the rounds before. */
export const jobsOf = ({ steps, seeds, root }: Asked): readonly (readonly Job[])[] =>
  rounds(steps).map((round) =>
    Array.from({ length: seeds }, (_, seed) => round.map((step): Job => ({ seed, step, path: pathOf(root, step.name, seed) }))).flat(),
  );

/** The words of a job's step without placeholders. */
const wordsOf = ({ root, data }: Asked, { step, seed }: Job): readonly string[] =>
  filled(step, { data: data ?? "", folderOf: (arm) => pathOf(root, arm, seed) });

/** The changes that make the recipe of a run. */
const changesOf = (asked: Asked, job: Job<Arm>): readonly string[] => [...asked.set, ...wordsOf(asked, job)];

const recipeOf = ({ recipe }: Asked): string => {
  if (recipe === null) throw new RangeError("an arm needs a recipe");
  return recipe;
};

/** Reads the recipe that all arms change. @throws RangeError for a change of the seed */
export function commonRecipe(name: string, set: readonly string[]): ReadRecipe {
  const read = readRecipe(name, { set });
  if (read.values.some(({ key, source }) => key === "seed" && source === "--set"))
    throw new RangeError("--set seed: the seeds of a comparison are 0, 1, …; --seeds says how many");
  return read;
}

/** Checks an existing run: its folder, its recipe value by value, and its engine. */
async function checkExisting(asked: Asked, job: Job<Arm>): Promise<void> {
  const { seed, path: directory } = job;
  const elsewhere = "another --out begins another comparison";
  const there = recipeOfRun(directory, `remove it, or ${elsewhere}`);
  const wanted = readRecipe(recipeOf(asked), { set: changesOf(asked, job), seed });
  const found = differences(there.values, wanted.values);
  if (found.length > 0) {
    const same = changesTo(found);
    throw new RangeError(
      `${differencesText(directory, found)}; ${elsewhere}${same === "" ? "" : `, and ${same} continues the existing runs`}`,
    );
  }
  const { teachers } = wanted.recipe;
  for (const folder of [directory, ...teachers.map((_, i) => teacherFolder(directory, i, teachers.length))]) {
    const engine = await engineOfCheckpoints(join(folder, "checkpoints"));
    if (engine !== null && engine !== asked.engine)
      throw new RangeError(
        `the run in ${directory} is of the ${engine} engine, not of ${asked.engine}, which rounds differently; ${elsewhere}, and --engine ${engine} continues the existing runs`,
      );
  }
  await checkUnlocked(directory);
}

/** Writes nothing. @throws RangeError unless every existing run can be continued as the command asks */
export async function checkJobs(asked: Asked, jobs: readonly (readonly Job[])[]): Promise<void> {
  checkFolderPath(asked.root);
  for (const job of jobs.flat()) if (isRun(job) && existsSync(job.path)) await checkExisting(asked, job);
}

/** The command line of a job whose run has not begun. A run takes further options. */
function firstArguments(asked: Asked, job: Job, ofRuns: readonly string[]): readonly string[] {
  if (!isRun(job)) return [...wordsOf(asked, job), "--json"];
  const changes = changesOf(asked, job).flatMap((change) => ["--set", change]);
  return ["train", recipeOf(asked), "--out", job.path, "--seed", `${job.seed}`, ...changes, ...ofRuns, "--json"];
}

/** What is done for a job. */
export interface Work {
  /** The command line: the first, or, as an existing run has been checked and goes on with its own recipe, that of resuming it. */
  readonly command: readonly string[];
  /** What its result is of: the first command line, the runs that it needs, and its own. */
  readonly origin: Origin;
}

export function workOf(asked: Asked, job: Job, ofRuns: readonly string[]): Work {
  const { path, step, seed } = job;
  const first = firstArguments(asked, job, ofRuns);
  const needed = needsOf(step).map((name) => pathOf(asked.root, name, seed));
  if (!isRun(job)) return { command: first, origin: { command: first, runs: needed } };
  const resumed = ["train", recipePath(path), "--out", path, "--resume", ...ofRuns, "--json"];
  return { command: existsSync(path) ? resumed : first, origin: { command: first, runs: [...needed, path] } };
}
