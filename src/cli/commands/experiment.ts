/**
 * `deit experiment`: a table or figure of the paper in miniature. Trains every arm on every seed, prints ours beside the paper's, and says of each claim whether
 * its effect is seen. Stopped at any moment, the same command continues.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { dataNames, type DataName, type Experiment, type Setting } from "../../experiments/experiment.ts";
import { experiments } from "../../experiments/list.ts";
import { experimentResult, type ResultFile } from "../../experiments/result.ts";
import { detectable } from "../../experiments/statistics.ts";
import { checkEngine } from "../engine.ts";
import { engineArguments, positive, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { print, printJson, say } from "../output.ts";
import { printExperiment, printExperiments } from "../runs/experimentTable.ts";
import { checkJobs, jobsOf, type Asked } from "../runs/jobs.ts";
import { environment } from "../runs/environment.ts";
import { resultsOfArms } from "../runs/outcomes.ts";

interface ExperimentOptions extends JsonOption {
  readonly list?: true;
  readonly seeds?: number;
  /** In minutes. */
  readonly budget?: number;
  readonly data: string;
  readonly jobs: number;
  readonly out?: string;
}

/** Every run has one thread; several go on side by side. */
const ENGINE: EngineOptions = { engine: "wasm", threads: 1 };
const ONE_THREAD = [...engineArguments(ENGINE), "--workers", "0", "--measure-every", "0"];

function experimentOf(name: string | undefined): Experiment {
  const known = [...experiments.keys()].join(", ");
  if (name === undefined) throw new RangeError(`an experiment must be named: ${known}; --list says what each asks`);
  const experiment = experiments.get(name);
  if (experiment === undefined) throw new RangeError(`unknown experiment "${name}"; known: ${known}`);
  return experiment;
}

/** How the experiment is carried out on the images that `--data` names. */
function settingOf({ name, settings }: Experiment, data: string): Setting & { readonly data: DataName } {
  const known = dataNames.filter((one) => settings[one] !== undefined);
  const of = known.find((one) => one === data);
  const setting = of === undefined ? undefined : settings[of];
  if (of === undefined || setting === undefined)
    throw new RangeError(`--data ${data}: experiment ${name} is made for ${known.join(" and ")}`);
  return { ...setting, data: of };
}

async function run(name: string | undefined, options: ExperimentOptions): Promise<void> {
  const { list = false, budget = Infinity, json = false } = options;
  if (list) return json ? printJson([...experiments.values()]) : printExperiments([...experiments.values()]);
  const experiment = experimentOf(name);
  const setting = settingOf(experiment, options.data);
  const seeds = options.seeds ?? setting.seeds;
  const root = options.out ?? join("runs", `experiment-${experiment.name}-${setting.data}`);
  const asked: Asked = { recipe: setting.recipe, set: [], arms: experiment.arms, seeds, root, engine: ENGINE.engine };
  const jobs = jobsOf(asked);
  await checkEngine(ENGINE);
  await checkJobs(asked, jobs);
  say(
    `${experiment.name}: ${jobs.length} runs, ${options.jobs} at a time; an effect of ${detectable(setting.deviation, seeds).toFixed(2)} points would be seen in 80 % of all repetitions`,
  );
  const results = await resultsOfArms(jobs, asked, { options: ONE_THREAD, atOnce: options.jobs, minutes: budget });
  if (results === null) {
    if (json) printJson({ experiment: experiment.name, interrupted: true });
    return;
  }
  const result = experimentResult(experiment, results, setting.deviation);
  const file: ResultFile = {
    experiment: experiment.name,
    interrupted: false,
    title: experiment.title,
    question: experiment.question,
    source: experiment.source,
    paper: experiment.paper,
    data: setting.data,
    recipe: setting.recipe,
    seeds,
    ...environment(),
    ...result,
  };
  const { experimentPage } = await import("../../report/experiment/page.ts"); // only now, since it loads the drawing libraries
  writeFileSync(join(root, "result.json"), `${JSON.stringify(file, null, 2)}\n`);
  writeFileSync(join(root, "report.html"), experimentPage(file));
  if (json) return printJson(file);
  printExperiment(experiment, result);
  print(`\nThe runs, result.json and report.html are in ${root}`);
}

export function addExperiment(program: Command): void {
  const command = program
    .command("experiment")
    .description("a table or figure of the paper in miniature, over several seeds: ours beside the paper's, and whether its effect is seen")
    .argument("[name]", "which one; --list shows them")
    .option("--list", "what each experiment asks, what it costs, and the paper's numbers")
    .addOption(new Option("--seeds <n>", "seeds 0 … n − 1 (default: as many as the experiment needs)").argParser(positive))
    .addOption(new Option("--budget <minutes>", "stop and save after this time; the same command continues").argParser(positive))
    .addOption(new Option("--data <data>", "the images: digits").default("digits"))
    .addOption(
      new Option("--jobs <n>", "runs at a time, of one thread each")
        .argParser(positive)
        .default(availableParallelism(), "the number of cores"),
    )
    .option("--out <dir>", "folder of the runs (default: runs/experiment-NAME-DATA); existing runs are used, or continued");
  withExamples(withJson(command), [
    ["deit experiment --list", "what there is"],
    ["deit experiment distillation", "Table 3 on the bundled digits, ten seeds"],
    ["deit experiment distillation --seeds 2 --budget 5", "a quick look, five minutes at a time"],
  ]).action(run);
}
