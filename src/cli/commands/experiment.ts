/**
 * `deit experiment`: a table or figure of the paper in miniature. Trains every arm on every seed, prints ours beside the paper's, and says of each claim whether
 * its effect is seen. Stopped at any moment, the same command continues.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { dataNames, type DataName, type Experiment, type Setting } from "../../experiments/experiment.ts";
import { experiments } from "../../experiments/list.ts";
import { experimentResult, powerOf, unitOf, type ResultFile, type ResultsOf } from "../../experiments/result.ts";
import { differenceText, units } from "../../experiments/units.ts";
import { openDataset } from "../../data/sources/open.ts";
import { checkEngine } from "../engine.ts";
import { engineArguments, positive, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { print, printJson, say } from "../output.ts";
import { printExperiment, printExperiments } from "../runs/experimentTable.ts";
import { checkJobs, jobsOf, type Asked } from "../runs/jobs.ts";
import { environment } from "../runs/environment.ts";
import { resultsOfSteps } from "../runs/outcomes.ts";

interface ExperimentOptions extends JsonOption {
  readonly list?: true;
  readonly seeds?: number;
  /** In minutes. */
  readonly budget?: number;
  readonly data?: string;
  readonly jobs?: number;
  readonly out?: string;
}

/** Every run has one thread; several go on side by side. */
const ENGINE: EngineOptions = { engine: "wasm", threads: 1 };
const ONE_THREAD = [...engineArguments(ENGINE), "--workers", "0", "--measure-every", "0"];

/** CIFAR-10's images as networks take them. */
const CIFAR = { channels: 3, side: 32, classes: 10 };

function experimentOf(name: string | undefined): Experiment {
  const known = [...experiments.keys()].join(", ");
  if (name === undefined) throw new RangeError(`an experiment must be named: ${known}; --list says what each asks`);
  const experiment = experiments.get(name);
  if (experiment === undefined) throw new RangeError(`unknown experiment "${name}"; known: ${known}`);
  return experiment;
}

/** An experiment on the images that `--data` names. */
interface Chosen extends Setting {
  readonly name: DataName;
  /** As `--data` gave them. */
  readonly data: string;
}

/** `digits`, or `cifar10:PATH` */
const dataForm = (name: DataName): string => (name === "cifar10" ? "cifar10:PATH" : name);

/** How the experiment is carried out on the images that `--data` names; undefined: the first that need no path. */
function settingOf({ name, settings }: Experiment, data: string | undefined): Chosen {
  const known = dataNames.filter((one) => settings[one] !== undefined);
  const forms = known.map(dataForm).join(" or ");
  const text = data ?? known.find((one) => dataForm(one) === one);
  if (text === undefined) throw new RangeError(`experiment ${name} needs images: --data ${forms}`);
  const of = known.find((one) => (dataForm(one) === one ? text === one : text.startsWith(`${one}:`) && text.length > one.length + 1));
  const setting = of === undefined ? undefined : settings[of];
  if (of === undefined || setting === undefined) throw new RangeError(`--data ${text}: experiment ${name} is made for ${forms}`);
  return { ...setting, name: of, data: text };
}

/** @throws RangeError for images that are missing or damaged, before anything is written */
function checkData({ name, data }: Chosen): void {
  if (name === "cifar10") for (const split of ["train", "test"]) openDataset(`${data}:${split}`, CIFAR).close();
}

/** What is asked for of an experiment. */
function askedOf({ arms, measurements }: Experiment, { recipe, data, name, seeds }: Chosen, options: ExperimentOptions): Asked {
  return {
    recipe,
    set: recipe === null ? [] : [`data.train=${data}:train`],
    steps: [...arms, ...measurements],
    seeds: options.seeds ?? seeds,
    data,
    root: options.out ?? join("runs", "experiments", name),
    engine: ENGINE.engine,
  };
}

/** The power of every claim, which is said before anything is run. */
function sayPowers({ claims, quantities }: Experiment, { deviation }: Setting, seeds: number): void {
  if (seeds === 1) return say("One seed has no interval: it decides nothing.");
  say("The differences that are expected to be seen in 80 % of all repetitions:");
  for (const claim of claims) {
    const unit = unitOf(claim, quantities);
    say(`  ${claim.text} ${differenceText(unit, powerOf(claim, deviation, seeds))} ${units[unit].differences}`);
  }
}

async function run(name: string | undefined, options: ExperimentOptions): Promise<void> {
  const { list = false, budget = Infinity, json = false } = options;
  if (list) return json ? printJson([...experiments.values()]) : printExperiments([...experiments.values()]);
  const experiment = experimentOf(name);
  const setting = settingOf(experiment, options.data);
  const asked = askedOf(experiment, setting, options);
  const { root, seeds } = asked;
  const jobs = jobsOf(asked);
  await checkEngine(ENGINE);
  checkData(setting);
  await checkJobs(asked, jobs);
  const atOnce = options.jobs ?? (experiment.alone ? 1 : availableParallelism());
  say(`${experiment.name}: ${jobs.flat().length} runs and measurements, ${atOnce} at a time`);
  sayPowers(experiment, setting, seeds);
  mkdirSync(root, { recursive: true });
  const results = await resultsOfSteps(jobs, asked, { options: ONE_THREAD, atOnce, minutes: budget });
  if (results === null) {
    if (json) printJson({ experiment: experiment.name, interrupted: true });
    return;
  }
  const file = resultFile(experiment, setting, seeds, results);
  const { experimentPage } = await import("../../report/experiment/page.ts"); // only now, since it loads the drawing libraries
  writeFileSync(join(root, `${experiment.name}.json`), `${JSON.stringify(file, null, 2)}\n`);
  writeFileSync(join(root, `${experiment.name}.html`), experimentPage(file));
  if (json) return printJson(file);
  printExperiment(file);
  print(`\nThe runs, ${experiment.name}.json and ${experiment.name}.html are in ${root}`);
}

function resultFile(
  experiment: Experiment,
  { name: data, recipe, deviation, because }: Chosen,
  seeds: number,
  results: ResultsOf,
): ResultFile {
  const { name, title, question, source, paper, arms, measurements } = experiment;
  const about = { experiment: name, interrupted: false, title, question, source, paper, data, recipe, seeds, because } as const;
  return { ...about, ...environment(), arms, measurements, ...experimentResult(experiment, results, deviation) };
}

export function addExperiment(program: Command): void {
  const command = program
    .command("experiment")
    .description("a table or figure of the paper in miniature, over several seeds: ours beside the paper's, and whether its effect is seen")
    .argument("[name]", "which one; --list shows them")
    .option("--list", "what each experiment asks, what it costs, and the paper's numbers")
    .addOption(new Option("--seeds <n>", "seeds 0 … n − 1 (default: as many as the experiment needs)").argParser(positive))
    .addOption(new Option("--budget <minutes>", "stop and save after this time; the same command continues").argParser(positive))
    .option("--data <data>", "the images: digits, or cifar10:PATH (default: digits, where the experiment is made for them)")
    .addOption(
      new Option("--jobs <n>", "runs at a time, of one thread each (default: the number of cores; 1 where speeds are measured)").argParser(
        positive,
      ),
    )
    .option(
      "--out <dir>",
      "folder of the runs, which experiments on the same images share (default: runs/experiments/DATA); existing runs are used, or continued",
    );
  withExamples(withJson(command), [
    ["deit experiment --list", "what there is"],
    ["deit experiment distillation", "Table 3 on the bundled digits, ten seeds"],
    ["deit experiment distillation --seeds 2 --budget 5", "a quick look, five minutes at a time"],
  ]).action(run);
}
