/** Writes `report.html` into the folder of a run, while it goes on and at its end. */
import { arch, platform, release } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../../data/sources/dataset.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { metricsReader, type MetricsReader } from "../../io/metricsWindows.ts";
import type { Engine } from "../../kernels/engine.ts";
import { collect, MOST_JUDGED, MOST_WHILE_RUNNING, someOf } from "../../report/collect.ts";
import { page } from "../../report/page.ts";
import type { Report } from "../../report/report.ts";
import { tokenCosines } from "../../train/evaluation/tokenCosines.ts";
import { openKept } from "../../train/run/keptData.ts";
import type { RunResult } from "../../train/run/run.ts";
import type { RunRanks } from "../../train/run/sumOverRanks.ts";
import type { RunView, Stage } from "../../train/run/view.ts";
import type { ReadRecipe } from "../../recipe/recipe.ts";
import { version } from "../version.ts";
import { weightedModel } from "../inputs/weights.ts";
import { processor } from "./environment.ts";

/** What may differ between equal runs; it belongs in the report, not in a weights file. */
function environment({ name, precision }: Engine, { threads, ranks }: ReportedRun): Report["environment"] {
  return [
    ["date", new Date().toISOString()],
    ["deit", version()],
    ["engine", `${name}, ${precision}`],
    ["threads", `${threads}`],
    ["ranks", `${ranks?.ranks.count ?? 1}`],
    ["Node", process.version],
    ["processor", processor()],
    ["platform", `${platform()} ${release()}, ${arch()}`],
  ];
}

/** A run whose report is written. */
export interface ReportedRun {
  readonly read: ReadRecipe;
  readonly directory: string;
  /** Threads of the engine. */
  readonly threads: number;
  /** The ranks of the run; null: there is only this process. */
  readonly ranks: RunRanks | null;
}

/** The test images, as the run reads them. */
function openTest({ read: { recipe }, directory }: ReportedRun): Dataset {
  const { channels, imageSize: side, classes } = recipe.model;
  return openKept(directory, "test", recipe.data.test, { channels, side, classes });
}

/** What goes into every report of a run. */
const common = (engine: Engine, run: ReportedRun): Pick<Report, "recipe" | "values" | "environment"> => ({
  recipe: run.read.recipe,
  values: run.read.values,
  environment: environment(engine, run),
});

async function write(directory: string, report: Report): Promise<string> {
  const path = join(directory, "report.html");
  await writeDurably(path, page(report));
  return path;
}

const metricsOf = (directory: string, stage: Stage): MetricsReader =>
  metricsReader(join(directory, ...(stage === "teacher" ? ["teacher"] : []), "metrics.jsonl"));

/** Writes the report of a finished run from its own files. Returns its path. */
export async function writeReport(engine: Engine, run: ReportedRun, { teacher, teachers, student, cosines }: RunResult): Promise<string> {
  const { directory, read } = run;
  const { config, upload } = weightedModel(directory, {});
  const test = openTest(run);
  const params = upload(engine.kernels);
  const settings = { side: config.imageSize, normalisation: read.recipe.data, most: MOST_JUDGED };
  const collected = await collect(engine, { config, params }, test, settings);
  test.close();
  engine.release(params);
  const metrics = {
    teacher: await metricsOf(directory, "teacher").curves(),
    student: await metricsOf(directory, "student").curves(),
  };
  const result = { teacher, teachers, student };
  return write(directory, { ...common(engine, run), unfinished: null, result, cosines, metrics, classes: test.classes, collected });
}

/** Writes the report of a run while it goes on. */
export interface RunningReport {
  readonly write: (engine: Engine, view: RunView) => Promise<void>;
  /** Says in the report, if there is one, that the run was stopped. */
  readonly stopped: () => Promise<void>;
  readonly close: () => void;
}

/** Opens the test images of a run, of which each report evaluates some. */
export function openRunningReport(run: ReportedRun): RunningReport {
  const { directory, read } = run;
  const test = openTest(run);
  const [teacher, student] = [metricsOf(directory, "teacher"), metricsOf(directory, "student")];
  const settings = { side: read.recipe.model.imageSize, normalisation: read.recipe.data, most: MOST_WHILE_RUNNING };
  let last: Report | null = null;
  return {
    write: async (engine, { student: model, ...position }) => {
      last = {
        ...common(engine, run),
        unfinished: { running: true, ...position },
        result: null,
        metrics: { teacher: await teacher.curves(), student: await student.curves() },
        classes: test.classes,
        collected: model === null ? null : await collect(engine, model, test, settings),
        cosines: model === null ? null : await tokenCosines(engine, model, someOf(engine, model, test, settings).batches()),
      };
      await write(directory, last);
    },
    stopped: async () => {
      if (last?.unfinished) await write(directory, { ...last, unfinished: { ...last.unfinished, running: false } });
    },
    close: test.close,
  };
}
