/** `deit train`: trains a recipe from the beginning, or from where the training was stopped. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { checkFolderPath } from "../../io/disk/folder.ts";
import { referenceEngine } from "../../engines/reference/engine.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { MemoryChoice } from "../../train/step/deitTask.ts";
import type { Interrupted, RunResult, StageProgress } from "../../train/run/run.ts";
import { runThroughDeviceLosses, type FinishedRun, type Loss } from "../../train/run/runThroughDeviceLosses.ts";
import { leads, type RunRanks } from "../../train/run/sumOverRanks.ts";
import { hasBegun } from "../../train/run/folder.ts";
import { INTERRUPTED } from "../processes/children.ts";
import { thisCommand } from "../processes/commandLine.ts";
import { engineOf } from "../engine.ts";
import {
  checkpointMinutesOption,
  collected,
  memoryChoiceOption,
  natural,
  submitWorkOption,
  withEngine,
  withExamples,
  withJson,
  workersOption,
  type EngineOptions,
  type JsonOption,
  type MemoryOption,
} from "../options.ts";
import { oneLine, print, printJson, say, table } from "../output.ts";
import { progressReporter } from "../runs/progress.ts";
import { renewing } from "../runs/renewing.ts";
import { readRecipe, recipeValues, type RecipeChanges, type ReadRecipe, type RecipeValues } from "../../recipe/recipe.ts";
import { BAD_INPUT } from "../status.ts";
import { differences, differencesText, recipeOfRun } from "../runs/recipeOfRun.ts";
import { checkShares, dividedFor, endAll, openRunRanks, type ReduceOptions } from "../runs/ranked.ts";
import { printResult } from "../runs/results.ts";
import { watchSignals } from "../runs/signals.ts";
import type { Notify } from "../processes/supervise.ts";

interface TrainOptions extends EngineOptions, JsonOption, MemoryOption, ReduceOptions {
  readonly set?: readonly string[];
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: true;
  readonly checkpointMinutes: number;
  readonly measureEvery: number;
  readonly printRecipe?: true;
  readonly workers: number;
}

/** The default folder of a run. */
const folderOf = ({ recipe: { name, seed } }: ReadRecipe): string => join("runs", `${name.replaceAll("/", "-")}-${seed}`);

/** The recipe of a run that has begun. The command's changes may repeat its values, but not change them. */
function resumed(name: string, directory: string, changes: RecipeChanges): ReadRecipe {
  const own = recipeOfRun(directory, "without --resume, a new run starts there");
  if (changes.set === undefined && changes.seed === undefined) return own;
  const asked = readRecipe(name, changes).values.filter(({ source }) => source === "--set" || source === "--seed");
  const keys = new Set(asked.map(({ key }) => key));
  const found = differences(
    own.values.filter(({ key }) => keys.has(key)),
    asked,
  );
  if (found.length > 0) throw new RangeError(`${differencesText(directory, found)}; another --out starts another run`);
  return own;
}

/** A run to start or resume. */
export interface Start {
  readonly read: ReadRecipe;
  readonly directory: string;
  readonly resume: boolean;
  /** The longest time from one checkpoint to the next, in minutes; 0: only at the end of each epoch. */
  readonly checkpointMinutes: number;
  /** Epochs from one measurement on the test images to the next; 0: only the last epoch is measured. */
  readonly measureEvery: number;
  /** Threads of the engine, for the report. */
  readonly threads: number;
  /** The ranks of the run; null: there is only this process. */
  readonly ranks: RunRanks | null;
  readonly memory: MemoryChoice;
  /** Threads that make the batches. */
  readonly workers: number;
  /** Notifies the supervisor, which restarts the program if its process crashes; null: there is none. */
  readonly notify: Notify | null;
}

/** Makes an engine whose command buffers hold at most so much work; null: as much as it likes. */
type Engines = (submitWork: number | null) => Promise<Engine>;

/** Runs until the end, or until a signal, after which it saves. */
async function runUntilSignal(newEngine: Engines, start: Start): Promise<FinishedRun> {
  const { read, directory, resume, checkpointMinutes, measureEvery, ranks, memory, workers, notify } = start;
  const isLeading = leads(start);
  const { stopping, close } = watchSignals();
  const report = renewing(start);
  try {
    const show = progressReporter();
    const onProgress = (progress: StageProgress): void => {
      notify?.({ stage: progress.stage, step: progress.step });
      show(progress);
    };
    const options = {
      directory,
      resume,
      recipeText: read.text,
      checkpointEvery: null,
      checkpointMinutes,
      measureEvery,
      onProgress: isLeading ? onProgress : null,
      onView: report.renew,
      stop: stopping,
      ranks,
      reference: referenceEngine,
      memory,
      workers,
      onNotice: isLeading ? say : () => undefined,
    };
    notify?.({ run: directory });
    const onLoss = ({ error, submitWork }: Loss): void => {
      if (submitWork !== null) notify?.({ submitWork });
      say(`${error.message}; continuing on another device${submitWork === null ? "" : ", with less work in a command buffer"}`);
    };
    const survived = await runThroughDeviceLosses(newEngine, read.recipe, options, onLoss);
    if (survived.result.interrupted) {
      process.exitCode = INTERRUPTED;
      await report.stopped();
    }
    return survived;
  } finally {
    report.close();
    close();
  }
}

/**
 * Trains, and writes the report if the run has finished. If the report fails, one line on stderr says so, and the run has not failed: weights
 * and metrics are on the disk, the accuracies will be printed, and --resume writes the report again.
 */
export async function trained(newEngine: Engines, start: Start): Promise<RunResult | Interrupted> {
  const { engine, result } = await runUntilSignal(newEngine, start);
  try {
    if (result.interrupted || !leads(start)) return result;
    const { writeReport } = await import("../runs/report.ts"); // only now, since it loads the drawing libraries
    say(`report: ${await writeReport(engine, start, result)}`);
  } catch (error) {
    say(`no report: ${oneLine(error instanceof Error ? error.message : String(error))}`);
  } finally {
    engine.close();
  }
  return result;
}

function printRecipe({ values }: RecipeValues, json: boolean): void {
  if (json) return printJson(Object.fromEntries(values.map(({ key, value, source }) => [key, { value, source }])));
  const rows = values.map(({ key, value, source }) => [key, JSON.stringify(value), source]);
  for (const line of table([["key", "value", "from"], ...rows], ["left", "left", "left"])) print(line);
}

/** What a command asks for, once it has been read. */
interface Asked {
  readonly name: string;
  readonly changes: RecipeChanges;
  readonly ranks: RunRanks | null;
}

/** Trains, on the ranks of this run. */
async function train({ name, changes, ranks }: Asked, options: TrainOptions, notify: Notify | null): Promise<void> {
  const { out, resume = false, json = false } = options;
  const divided = ranks === null ? changes : dividedFor(ranks, name, changes);
  const directory = out ?? folderOf(readRecipe(name, divided));
  const begun = resume && hasBegun(directory);
  const read = begun ? resumed(name, directory, changes) : readRecipe(name, divided);
  if (ranks !== null) checkShares(ranks, read);
  if (!resume && existsSync(directory))
    throw new RangeError(`${directory} exists: --resume continues the run in it, --out DIR starts one elsewhere`);
  checkFolderPath(directory);
  await ranks?.ranks.barrier(); // all have seen whether the folder exists
  if (resume && !begun && leads({ ranks })) say(`no run has begun in ${directory}: it begins now`);
  const result = await trained((submitWork) => engineOf({ ...options, ...(submitWork === null ? {} : { submitWork }) }), {
    ...options,
    ranks,
    read,
    directory,
    resume,
    notify,
  });
  await ranks?.ranks.close();
  if (!leads({ ranks })) return;
  if (result.interrupted) say(`saved in ${directory}; ${thisCommand("--resume")} continues`);
  if (json) printJson({ directory, seed: read.recipe.seed, ...result });
  else if (!result.interrupted) {
    printResult(result);
    print(`\nThe run is in ${directory} (seed ${read.recipe.seed})`);
  }
}

async function run(name: string, options: TrainOptions, notify: Notify | null): Promise<void> {
  const { set, seed, out, resume = false, printRecipe: printsRecipe = false, json = false } = options;
  const changes: RecipeChanges = { ...(set && { set }), ...(seed === undefined ? {} : { seed }) };
  if (printsRecipe)
    return printRecipe(resume ? resumed(name, out ?? folderOf(readRecipe(name, changes)), changes) : recipeValues(name, changes), json);
  const ranks = await openRunRanks(options);
  if (ranks === null) return train({ name, changes, ranks }, options, notify);
  await train({ name, changes, ranks }, options, notify).catch((error: unknown) => endAll(ranks, "train", error, BAD_INPUT));
}

export function addTrain(program: Command, notify: Notify | null): void {
  const command = program
    .command("train")
    .description("train a recipe and write a report (report.html); Ctrl-C saves, --resume continues with bitwise identical results")
    .argument("<recipe>", "a TOML file, or a bundled recipe: deit recipe list shows them")
    .addOption(new Option("--set <key=value>", "change a value of the recipe; may be given several times").argParser(collected))
    .addOption(new Option("--seed <n>", "seed of the run (default: the recipe's)").argParser(natural))
    .option("--out <dir>", "folder of the run (default: runs/RECIPE-SEED)")
    .addOption(memoryChoiceOption())
    .addOption(workersOption())
    .addOption(checkpointMinutesOption())
    .addOption(
      new Option("--measure-every <epochs>", "measure the accuracies on the test images after every so many epochs; 0: only at the end")
        .argParser(natural)
        .default(1),
    )
    .addOption(submitWorkOption())
    .addOption(
      new Option("--reduce <how>", "with mpirun: ordered (the same weights on 1, 2 and 4 ranks) or fast")
        .choices(["ordered", "fast"])
        .default("ordered"),
    )
    .addOption(new Option("--wire <format>", "with --reduce fast: what travels between ranks (default: f32)").choices(["f32", "f16"]))
    .option("--resume", "continue the run in the folder; if none has begun there, begin it")
    .option("--print-recipe", "print every value with its origin, and do not train");
  withExamples(withJson(withEngine(command)), [
    ["deit train digits", "a teacher and a distilled DeiT on handwritten digits"],
    ["deit train digits --seed 1 --out runs/one", "another seed, in a folder of your choice"],
    ["deit train digits --set training.batch=32 --print-recipe", "what would be trained"],
    ["deit train digits --resume", "continue after Ctrl-C"],
    ["mpirun -n 4 npx deit train digits", "on four ranks, which share each batch"],
  ]).action((name, options) => run(name, options, notify));
}
