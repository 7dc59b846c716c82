/** `deit demo`, which `npm start` runs: checks everything, then trains a teacher and a distilled DeiT on handwritten digits. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { printReports, sayFailures, type Checked } from "./check.ts";
import { checkRows } from "../processes/checkRows.ts";
import { checkUnlocked } from "../../io/disk/lock.ts";
import { checkEngine, engineOf } from "../engine.ts";
import {
  CHECKPOINT_MINUTES,
  positive,
  withEngine,
  withExamples,
  withSeed,
  workersOption,
  type EngineOptions,
  type WorkersOption,
} from "../options.ts";
import { print } from "../output.ts";
import { readRecipe } from "../../recipe/recipe.ts";
import { printResult } from "../runs/results.ts";
import { trained } from "./train.ts";

interface DemoOptions extends EngineOptions, WorkersOption {
  readonly cases: number;
  readonly seed: number;
}

async function run(options: DemoOptions): Promise<void> {
  const { seed } = options;
  const directory = join("runs", `demo-${seed}`);
  await checkUnlocked(directory);
  await checkEngine(options);
  const read = readRecipe("digits", { seed });
  print("Every equation and gradient of DeiT, checked against plain loops, finite differences and the reference engine:\n");
  const checked: Checked[] = [];
  const reference = { cases: options.cases, seed, engine: "reference", threads: 1 };
  for (const one of options.engine === reference.engine ? [reference] : [reference, options])
    checked.push({ engine: one.engine, reports: await checkRows(one) });
  if (!printReports(checked, options)) process.exitCode = 1;
  for (const one of checked) sayFailures(one, options);

  await checkUnlocked(directory); // another demo may have started in the meantime
  rmSync(directory, { recursive: true, force: true }); // the run of an earlier demo
  print(`\nA RegNetY teacher and a distilled DeiT learn handwritten digits (seed ${seed}), in ${directory}:\n`);
  const result = await trained(() => engineOf(options), {
    read,
    directory,
    resume: false,
    ranks: null,
    checkpointMinutes: CHECKPOINT_MINUTES,
    measureEvery: 1,
    threads: options.threads,
    memory: "normal",
    workers: options.workers,
    notify: null,
  });
  if (result.interrupted) return;
  printResult(result);
  print(`\nNext: deit eval ${directory} digits --head class; deit check --help; deit summary deit-base-distilled`);
}

export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .description("check everything, then train the bundled digits recipe and print its accuracies")
    .addOption(new Option("--cases <n>", "random cases of each row").argParser(positive).default(50))
    .addOption(workersOption());
  withExamples(withSeed(withEngine(command), "seed of the cases and of the run"), [
    ["deit demo", "takes a minute and a half"],
    ["deit demo --cases 10 --seed 1", "fewer cases, and another run"],
  ]).action(run);
}
