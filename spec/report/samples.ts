/** Small models that were never trained, and the reports on them. */
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import { initialParams } from "../../src/model/init.ts";
import { collect, MOST_JUDGED, type Collected } from "../../src/report/collect.ts";
import type { Report, Results } from "../../src/report/report.ts";
import type { MetricsRow } from "../../src/io/metrics.ts";
import type { MetricsCurves } from "../../src/io/metricsWindows.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Batches } from "../../src/data/loader/batch.ts";
import type { Dataset } from "../../src/data/sources/dataset.ts";
import type { Normalisation } from "../../src/data/normalise.ts";
import { evaluateHeads, type Deit } from "../../src/train/evaluation/evaluate.ts";
import { tokenCosines } from "../../src/train/evaluation/tokenCosines.ts";
import { evaluationBatches } from "../helpers/batches.ts";
import { tiny } from "../train/tiny.ts";

export interface Sample {
  readonly engine: Engine;
  readonly model: Deit;
  readonly dataset: Dataset;
  readonly normalisation: Normalisation;
  readonly collected: () => Promise<Collected>;
}

export function sample(changes: Partial<DeitConfig> = {}, count: number = 11): Sample {
  const engine = referenceEngine();
  const config = { ...tiny.model, ...changes };
  const { channels, imageSize: side, classes } = config;
  const dataset = synthetic(count, { channels, side, classes });
  const numbers = (value: number): readonly number[] => Array.from({ length: channels }, () => value);
  const normalisation = { mean: numbers(0.5), std: numbers(0.25) };
  const model = { config, params: initialParams(engine.kernels, config, keyOf(1)) };
  return {
    engine,
    model,
    dataset,
    normalisation,
    collected: () => collect(engine, model, dataset, { side, normalisation, most: MOST_JUDGED }),
  };
}

/** The report of a run that has ended. */
export interface FinishedReport extends Report {
  readonly result: Results;
  readonly collected: Collected;
}

/** The metrics with these rows, each a window of its own. */
export const curvesOf = (rows: readonly MetricsRow[]): MetricsCurves => ({
  windows: rows.map((row) => ({
    step: row.step,
    spreads: new Map(Object.entries(row).map(([name, value]) => [name, { least: value, mean: value, most: value }])),
  })),
  evaluated: rows.filter((row) => row["top1"] !== undefined),
  last: rows.at(-1) ?? null,
});

/** As a run of three epochs of two steps would have it. */
export async function reportOf({ engine, model, dataset, normalisation, collected }: Sample): Promise<FinishedReport> {
  const batches = (): Batches => evaluationBatches(dataset, 4, normalisation);
  const student = await evaluateHeads(engine, model, batches());
  const teacher = model.config.distilled ? student.class : null;
  const rows = Array.from({ length: 6 }, (_, i) => ({
    epoch: Math.floor(i / 2),
    step: i + 1,
    loss: 1 / (i + 1),
    lr: 0.1,
    ...(i % 2 === 1 ? { top1: i / 6 } : {}),
  }));
  return {
    recipe: { ...tiny, model: model.config },
    values: [
      { key: "name", value: "tiny", source: "recipe" },
      { key: "training.batch", value: 4, source: "--set" },
    ],
    unfinished: null,
    result: { teacher, teachers: teacher === null ? [] : [{ name: "RegNetY", accuracy: teacher }], student },
    cosines: await tokenCosines(engine, model, batches()),
    metrics: { teacher: curvesOf(teacher === null ? [] : rows), student: curvesOf(rows) },
    classes: dataset.classes,
    collected: await collected(),
    environment: [["Node", "v20.19.0"]],
  };
}
