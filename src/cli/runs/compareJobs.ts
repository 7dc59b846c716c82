/** The runs of a comparison: which there are, and whether those that are there already are the ones that are asked for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { engineOfCheckpoints } from "../../io/checkpoint.ts";
import { checkFolderPath } from "../../io/disk/folder.ts";
import { checkUnlocked } from "../../io/disk/lock.ts";
import { readRecipe, type ReadRecipe } from "../../recipe/recipe.ts";
import { changesTo, differences, differencesText, recipeOfRun, recipePath } from "./recipeOfRun.ts";

export interface Job {
  readonly seed: number;
  readonly arm: "distilled" | "plain";
  readonly directory: string;
}

export interface Asked {
  /** Name or path. */
  readonly recipe: string;
  readonly set: readonly string[];
  readonly seeds: number;
  /** Folder of the runs. */
  readonly root: string;
  readonly engine: string;
}

/** What makes the plain student of a distilled one. */
const PLAIN = ["model.distilled=false", "distillation.kind=none"];

const ARMS = ["distilled", "plain"] as const;

/** Seed by seed, one of each arm. */
export const jobsOf = ({ seeds, root }: Asked): readonly Job[] =>
  Array.from({ length: seeds }, (_, seed) => ARMS.map((arm): Job => ({ seed, arm, directory: join(root, `${arm}-${seed}`) }))).flat();

const changesOf = ({ set }: Asked, arm: Job["arm"]): readonly string[] => (arm === "plain" ? [...set, ...PLAIN] : set);

/** The recipe of both arms. @throws RangeError where they cannot be compared by it */
export function comparedRecipe({ recipe: name, set }: Asked): ReadRecipe {
  const read = readRecipe(name, { set });
  if (read.recipe.teacher === null) throw new RangeError(`recipe ${read.recipe.name}: there is no teacher whose help could be measured`);
  if (read.values.some(({ key, source }) => key === "seed" && source === "--set"))
    throw new RangeError("--set seed: the seeds of a comparison are 0, 1, …; --seeds says how many");
  return read;
}

/** Of a run that is there: its folder, its recipe value by value, and its engine. */
async function checkThere(asked: Asked, { seed, arm, directory }: Job): Promise<void> {
  const elsewhere = "another --out begins another comparison";
  const there = recipeOfRun(directory, `remove it, or ${elsewhere}`);
  const wanted = readRecipe(asked.recipe, { set: changesOf(asked, arm), seed });
  const found = differences(there.values, wanted.values);
  if (found.length > 0) {
    const same = changesTo(found);
    throw new RangeError(
      `${differencesText(directory, found)}; ${elsewhere}${same === "" ? "" : `, and ${same} goes on with what is there`}`,
    );
  }
  for (const folder of [directory, join(directory, "teacher")]) {
    const engine = await engineOfCheckpoints(join(folder, "checkpoints"));
    if (engine !== null && engine !== asked.engine)
      throw new RangeError(
        `the run in ${directory} is of the ${engine} engine, not of ${asked.engine}, which has other bits; ${elsewhere}, and --engine ${engine} goes on with what is there`,
      );
  }
  checkUnlocked(directory);
}

/** @throws RangeError unless every run that is there can be gone on with as it is asked for; nothing is written by then */
export async function checkJobs(asked: Asked, jobs: readonly Job[]): Promise<void> {
  checkFolderPath(asked.root);
  for (const job of jobs) if (existsSync(job.directory)) await checkThere(asked, job);
}

/** The command line of `deit train` for a job. What is there has been checked, and needs no recipe but its own. */
export function trainArguments(asked: Asked, { seed, arm, directory }: Job): readonly string[] {
  if (existsSync(directory)) return ["train", recipePath(directory), "--out", directory, "--resume"];
  const changes = changesOf(asked, arm).flatMap((change) => ["--set", change]);
  return ["train", asked.recipe, "--out", directory, "--seed", `${seed}`, ...changes];
}
