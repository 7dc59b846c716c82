/**
 * `deit compare`: does distillation help? A recipe with its teacher, and the same without teacher and distillation token, equally long, over
 * several seeds; the differences in pairs, with their standard error, whatever their sign.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Option, type Command } from "commander";
import { checkEngine } from "./engines.ts";
import {
  collected,
  engineArguments,
  positive,
  withEngine,
  withExamples,
  withJson,
  type EngineOptions,
  type JsonOption,
} from "./options.ts";
import { percent, print, printJson, say, table } from "./output.ts";
import { readRecipe } from "./recipe.ts";

interface CompareOptions extends EngineOptions, JsonOption {
  readonly seeds: number;
  readonly set?: readonly string[];
  readonly out?: string;
}

/** What makes the plain student of a distilled one. */
const PLAIN = ["model.distilled=false", "distillation.kind=none"];

interface Job {
  readonly seed: number;
  readonly arm: "distilled" | "plain";
  readonly directory: string;
}

/** Shares of the test images that were classified right, by both heads together; null: no teacher. */
interface Outcome {
  readonly student: number;
  readonly teacher: number | null;
}

/** `deit train` of this program, as a process of its own, so that runs share the cores. */
async function outcomeOf(recipe: string, { seed, arm, directory }: Job, { set = [], ...options }: CompareOptions): Promise<Outcome> {
  const changes = [...set, ...(arm === "plain" ? PLAIN : [])].flatMap((change) => ["--set", change]);
  const from = existsSync(directory) ? ["--resume"] : [];
  const args = ["train", recipe, "--seed", `${seed}`, "--out", directory, ...engineArguments(options), "--json"];
  const child = spawn(process.execPath, [process.argv[1] ?? "", ...args, ...changes, ...from], { stdio: ["ignore", "pipe", "pipe"] });
  say(`${directory}: begun`);
  const [out, messages, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  if (status !== 0) throw new Error(`${directory}: ${messages.trim().split("\n").at(-1) ?? "no message"}`);
  const { student, teacher } = JSON.parse(out);
  say(`${directory}: top-1 ${percent(student.mean.top1)}`);
  return { student: student.mean.top1, teacher: teacher?.top1 ?? null };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Of the mean of these values: their deviation over √n. NaN for one value. */
function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** All jobs, as many at a time as there are cores; none is begun after one has failed. */
async function inParallel<T>(jobs: readonly Job[], run: (job: Job) => Promise<T>): Promise<readonly (readonly [Job, T])[]> {
  const queue = jobs.values();
  const done: (readonly [Job, T])[] = [];
  let failed = false;
  const work = async (): Promise<void> => {
    for (const job of queue) {
      if (failed) return;
      try {
        done.push([job, await run(job)]);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, work));
  return done;
}

async function run(name: string, options: CompareOptions): Promise<void> {
  const { recipe } = readRecipe(name, { set: options.set ?? [] });
  if (recipe.teacher === null) throw new RangeError(`recipe ${recipe.name}: there is no teacher whose help could be measured`);
  await checkEngine(options);
  const root = options.out ?? join("runs", `compare-${recipe.name.replaceAll("/", "-")}`);
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const arms = ["distilled", "plain"] as const;
  const jobs = seeds.flatMap((seed) => arms.map((arm): Job => ({ seed, arm, directory: join(root, `${arm}-${seed}`) })));
  const outcomes = await inParallel(jobs, (job) => outcomeOf(name, job, options));

  const of = (seed: number, arm: Job["arm"]): Outcome | undefined => outcomes.find(([job]) => job.seed === seed && job.arm === arm)?.[1];
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
  print(`Top-1 on the test images, ${recipe.training.schedule.epochs} epochs each (distilled: both heads together):`);
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
    .option("--out <dir>", "folder of the runs (default: runs/compare-RECIPE); what is there goes on");
  withExamples(withJson(withEngine(command)), [
    ["deit compare digits", "three seeds, with and without the teacher"],
    ["deit compare digits --seeds 1 --set training.epochs=10", "a quick look"],
  ]).action(run);
}
