/**
 * `deit compare`: does distillation help? Trains a recipe with its teacher, and the same without teacher and distillation token, equally long,
 * over several seeds. Prints the paired differences with their standard error, whatever their sign.
 */
import { join } from "node:path";
import { Option, type Command } from "commander";
import type { Arm } from "../../experiments/experiment.ts";
import { numberAt } from "../../experiments/result.ts";
import { mean, standardError } from "../../experiments/statistics.ts";
import type { Recipe } from "../../train/run/recipe.ts";
import { checkJobs, commonRecipe, jobsOf } from "../runs/jobs.ts";
import { resultsOfSteps, untilDone } from "../runs/outcomes.ts";
import { checkEngine } from "../engine.ts";
import { collected, positive, withEngine, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { percent, print, printJson, table } from "../output.ts";

interface CompareOptions extends EngineOptions, JsonOption {
  readonly seeds: number;
  readonly set?: readonly string[];
  readonly out?: string;
}

/** The same recipe with its teacher, and without teacher and distillation token. */
const ARMS: readonly Arm[] = [
  { name: "distilled", set: [] },
  { name: "plain", set: ["model.distilled=false", "distillation.kind=none"] },
];

/** Reads the recipe of both arms. @throws RangeError if it does not allow a comparison */
function comparedRecipe(recipe: string, set: readonly string[]): Recipe {
  const read = commonRecipe(recipe, set).recipe;
  if (read.teachers.length === 0) throw new RangeError(`recipe ${read.name}: it has no teacher, so there is nothing to compare`);
  return read;
}

const epochsText = (epochs: number): string => `${epochs} epoch${epochs === 1 ? "" : "s"}`;

async function run(name: string, options: CompareOptions): Promise<void> {
  const { set = [], seeds: count, engine } = options;
  const recipe = comparedRecipe(name, set);
  const root = options.out ?? join("runs", `compare-${recipe.name.replaceAll("/", "-")}`);
  const asked = { recipe: name, set, steps: ARMS, seeds: count, data: null, engine, root };
  const jobs = jobsOf(asked);
  await checkEngine(options);
  await checkJobs(asked, jobs);
  const results = await resultsOfSteps(jobs, asked, untilDone(options));
  if (results === null) {
    if (options.json === true) printJson({ recipe: recipe.name, interrupted: true });
    return;
  }

  const [distilled, plain] = [results("distilled"), results("plain")];
  const rows = distilled.map((run, seed) => {
    const pair = { distilled: numberAt(run, "student.mean.top1"), plain: numberAt(plain[seed], "student.mean.top1") };
    return { seed, teacher: numberAt(run, "teacher.top1"), ...pair, difference: pair.distilled - pair.plain };
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
