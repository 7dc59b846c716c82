/**
 * `deit compare`: does distillation help? Trains a recipe with its teacher, and the same without teacher and distillation token, equally long,
 * over several seeds. Prints the paired differences with their standard error, whatever their sign.
 */
import { join } from "node:path";
import { Option, type Command } from "commander";
import { childCommands, inParallel, INTERRUPTED, type Children } from "../processes/children.ts";
import { thisCommand } from "../processes/commandLine.ts";
import { checkJobs, comparedRecipe, jobsOf, trainArguments, type Asked, type Job } from "../runs/compareJobs.ts";
import { checkEngine } from "../engine.ts";
import {
  collected,
  engineArguments,
  positive,
  withEngine,
  withExamples,
  withJson,
  type EngineOptions,
  type JsonOption,
} from "../options.ts";
import { messageOf, percent, print, printJson, say, table } from "../output.ts";

interface CompareOptions extends EngineOptions, JsonOption {
  readonly seeds: number;
  readonly set?: readonly string[];
  readonly out?: string;
}

/** Top-1 accuracies on the test images, the student's by both heads together; null: no teacher. */
interface Outcome {
  readonly student: number;
  readonly teacher: number | null;
}

/** Runs `deit train` for one job; null: it was stopped. */
async function outcomeOf(job: Job, asked: Asked, options: EngineOptions, { run: train, stopped }: Children): Promise<Outcome | null> {
  const { directory } = job;
  if (stopped()) return null;
  say(`${directory}: started`);
  const out = await train([...trainArguments(asked, job), ...engineArguments(options), "--json"]).catch((error: unknown) => {
    throw new Error(`${directory}: ${messageOf(error).replace(/^deit train: /, "")}; once that is fixed, ${thisCommand()} continues`);
  });
  if (out === null) return null;
  const { student, teacher } = JSON.parse(out);
  say(`${directory}: top-1 ${percent(student.mean.top1)}`);
  return { student: student.mean.top1, teacher: teacher?.top1 ?? null };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

const epochsText = (epochs: number): string => `${epochs} epoch${epochs === 1 ? "" : "s"}`;

/** The standard error of the mean: the standard deviation over √n. NaN for one value. */
function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** Runs the jobs. The outcome is null for those that a signal stopped. */
async function untilSignal(
  jobs: readonly Job[],
  asked: Asked,
  options: EngineOptions,
): Promise<readonly (readonly [Job, Outcome | null])[]> {
  const children = childCommands();
  const stop = (): void => {
    say("\nstopping: the runs save their state");
    children.stop();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
  try {
    const outcome = async (job: Job): Promise<Outcome | null> => {
      const found = await outcomeOf(job, asked, options, children);
      if (found === null) children.stop();
      return found;
    };
    return await inParallel(jobs, outcome, children.stop);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  }
}

async function run(name: string, options: CompareOptions): Promise<void> {
  const { set = [], seeds: count, engine } = options;
  const given = { recipe: name, set, seeds: count, engine };
  const { recipe } = comparedRecipe({ ...given, root: "" });
  const root = options.out ?? join("runs", `compare-${recipe.name.replaceAll("/", "-")}`);
  const asked = { ...given, root };
  const jobs = jobsOf(asked);
  await checkEngine(options);
  await checkJobs(asked, jobs);
  const outcomes = await untilSignal(jobs, asked, options);
  if (outcomes.some(([, outcome]) => outcome === null)) {
    process.exitCode = INTERRUPTED;
    say(`the runs are saved in ${root}; ${thisCommand()} continues them`);
    if (options.json === true) printJson({ recipe: recipe.name, interrupted: true });
    return;
  }

  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const of = (seed: number, arm: Job["arm"]): Outcome | undefined =>
    outcomes.find(([job]) => job.seed === seed && job.arm === arm)?.[1] ?? undefined;
  const rows = seeds.map((seed) => {
    const [distilled, plain] = [of(seed, "distilled"), of(seed, "plain")];
    const pair = { distilled: distilled?.student ?? NaN, plain: plain?.student ?? NaN };
    return { seed, teacher: distilled?.teacher ?? NaN, ...pair, difference: pair.distilled - pair.plain };
  });
  const column = (key: keyof (typeof rows)[number]): readonly number[] => rows.map((row) => row[key]);
  const difference = { mean: mean(column("difference")), standardError: standardError(column("difference")) };
  const means = { teacher: mean(column("teacher")), distilled: mean(column("distilled")), plain: mean(column("plain")) };
  if (options.json === true) return printJson({ recipe: recipe.name, epochs: recipe.training.schedule.epochs, rows, means, difference });

  const cells = (
    label: string,
    at: { readonly teacher: number; readonly distilled: number; readonly plain: number },
  ): readonly string[] => [label, percent(at.teacher), percent(at.distilled), percent(at.plain)];
  const points = (share: number): string => `${share > 0 ? "+" : ""}${(100 * share).toFixed(2)}`;
  print(`Top-1 on the test images, ${epochsText(recipe.training.schedule.epochs)} each (distilled: both heads together):`);
  const lines = [
    ["seed", "teacher", "distilled", "plain", "difference"],
    ...rows.map((row) => [...cells(`${row.seed}`, row), points(row.difference)]),
    [...cells("mean", means), points(difference.mean)],
  ];
  for (const line of table(lines, ["left", "right", "right", "right", "right"])) print(line);
  const error = Number.isNaN(difference.standardError) ? "unknown for one seed" : points(difference.standardError).replace("+", "");
  print(`\nDistillation changes top-1 by ${points(difference.mean)} points; standard error of the paired difference ${error}`);
}

export function addCompare(program: Command): void {
  const command = program
    .command("compare")
    .description("train a recipe with and without distillation, equally long, over several seeds, and print the paired differences")
    .argument("<recipe>", "a TOML file or a bundled recipe, with a teacher")
    .addOption(new Option("--seeds <n>", "seeds 0 … n − 1").argParser(positive).default(3))
    .addOption(new Option("--set <key=value>", "change a value of the recipe in all runs; may be given several times").argParser(collected))
    .option("--out <dir>", "folder of the runs (default: runs/compare-RECIPE); existing runs of this recipe are used, or continued");
  withExamples(withJson(withEngine(command)), [
    ["deit compare digits", "three seeds, with and without the teacher"],
    ["deit compare digits --seeds 1 --set training.epochs=10", "a quick look"],
  ]).action(run);
}
