/** The runs of a comparison of several arms: which runs it consists of, and whether existing runs are the ones that the command asks for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { engineOfCheckpoints } from "../../io/checkpoint/read.ts";
import type { Arm } from "../../experiments/experiment.ts";
import { checkFolderPath } from "../../io/disk/folder.ts";
import { checkUnlocked } from "../../io/disk/lock.ts";
import { readRecipe, type ReadRecipe } from "../../recipe/recipe.ts";
import { teacherFolder } from "../../train/teachers/teachers.ts";
import { changesTo, differences, differencesText, recipeOfRun, recipePath } from "./recipeOfRun.ts";

/** A run. */
export interface Job {
  readonly seed: number;
  readonly arm: Arm;
  readonly directory: string;
}

/** What the command asks for. */
export interface Asked {
  /** The recipe's name or path. */
  readonly recipe: string;
  readonly set: readonly string[];
  readonly arms: readonly Arm[];
  readonly seeds: number;
  /** The folder of the runs. */
  readonly root: string;
  readonly engine: string;
}

const directoryOf = (root: string, arm: string, seed: number): string => join(root, `${arm}-${seed}`);

/** One run of each arm for each seed. */
export const jobsOf = ({ arms, seeds, root }: Asked): readonly Job[] =>
  Array.from({ length: seeds }, (_, seed) => arms.map((arm): Job => ({ seed, arm, directory: directoryOf(root, arm.name, seed) }))).flat();

/** The changes that make the recipe of a job. */
function changesOf({ set, root }: Asked, { arm, seed }: Job): readonly string[] {
  const teacher = arm.teacherOf === null ? [] : [`teacher.run=${teacherFolder(directoryOf(root, arm.teacherOf, seed), 0, 1)}`];
  return [...set, ...arm.set, ...teacher];
}

/** Reads the recipe that all arms change. @throws RangeError for a change of the seed */
export function commonRecipe({ recipe: name, set }: Pick<Asked, "recipe" | "set">): ReadRecipe {
  const read = readRecipe(name, { set });
  if (read.values.some(({ key, source }) => key === "seed" && source === "--set"))
    throw new RangeError("--set seed: the seeds of a comparison are 0, 1, …; --seeds says how many");
  return read;
}

/** Checks an existing run: its folder, its recipe value by value, and its engine. */
async function checkExisting(asked: Asked, job: Job): Promise<void> {
  const { seed, directory } = job;
  const elsewhere = "another --out begins another comparison";
  const there = recipeOfRun(directory, `remove it, or ${elsewhere}`);
  const wanted = readRecipe(asked.recipe, { set: changesOf(asked, job), seed });
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
export async function checkJobs(asked: Asked, jobs: readonly Job[]): Promise<void> {
  checkFolderPath(asked.root);
  for (const job of jobs) if (existsSync(job.directory)) await checkExisting(asked, job);
}

/** The command line of `deit train` for a job. An existing run has been checked, and is resumed with its own recipe. */
export function trainArguments(asked: Asked, job: Job): readonly string[] {
  const { seed, directory } = job;
  if (existsSync(directory)) return ["train", recipePath(directory), "--out", directory, "--resume"];
  const changes = changesOf(asked, job).flatMap((change) => ["--set", change]);
  return ["train", asked.recipe, "--out", directory, "--seed", `${seed}`, ...changes];
}
