/** Writes `report.html` into the folder of a finished run. */
import { arch, cpus, platform, release } from "node:os";
import { join } from "node:path";
import { openDataset } from "../../data/sources/open.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { readMetrics } from "../../io/metrics.ts";
import type { Engine } from "../../kernels/engine.ts";
import { collect } from "../../report/collect.ts";
import { page } from "../../report/page.ts";
import type { Report } from "../../report/report.ts";
import type { RunResult } from "../../train/run/run.ts";
import type { ReadRecipe } from "../../recipe/recipe.ts";
import { version } from "../version.ts";
import { weightedModel } from "../inputs/weights.ts";

/** What may differ between equal runs; it belongs in the report, not in a weights file. */
function environment({ name, precision }: Engine, threads: number): Report["environment"] {
  const processors = cpus();
  return [
    ["date", new Date().toISOString()],
    ["deit", version()],
    ["engine", `${name}, ${precision}`],
    ["threads", `${threads}`],
    ["Node", process.version],
    ["processor", `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} logical cores`],
    ["platform", `${platform()} ${release()}, ${arch()}`],
  ];
}

/** A finished run. */
export interface Finished {
  readonly read: ReadRecipe;
  readonly directory: string;
  readonly threads: number;
  readonly result: RunResult;
}

/** Writes the report from the run's own files. Returns its path. */
export async function writeReport(engine: Engine, { read, directory, threads, result }: Finished): Promise<string> {
  const { recipe, values } = read;
  const { config, upload } = weightedModel(directory, {});
  const test = openDataset(recipe.data.test, { channels: config.channels, side: config.imageSize, classes: config.classes });
  const params = upload(engine.kernels);
  const collected = await collect(engine, { config, params }, test, { side: config.imageSize, normalisation: recipe.data });
  test.close();
  engine.release(params);
  const metrics = {
    teacher: await readMetrics(join(directory, "teacher", "metrics.jsonl")),
    student: await readMetrics(join(directory, "metrics.jsonl")),
  };
  const path = join(directory, "report.html");
  const { classes } = test;
  await writeDurably(path, page({ recipe, values, result, metrics, classes, collected, environment: environment(engine, threads) }));
  return path;
}
