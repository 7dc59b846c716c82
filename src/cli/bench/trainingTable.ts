/** `deit bench train --recipe`: what is printed. */
import type { Engine } from "../../kernels/engine.ts";
import { percent, print, printJson, table } from "../output.ts";
import { engineOf } from "../engine.ts";
import { headOf, type BenchOptions } from "./options.ts";
import type { Part } from "./sampling.ts";
import { recipeOf, timedTraining, type StageTiming } from "./training.ts";

const MS_DIGITS = 2;
/** Details with a smaller share of the time are not shown. */
const WORTH = 0.01;

const ms = (value: number): string => value.toFixed(MS_DIGITS);

function printParts(parts: readonly Part[]): void {
  const whole = parts.reduce((sum, part) => sum + part.ms, 0);
  const row = (name: string, time: number): readonly string[] => [name, percent(time / whole), ms(time)];
  const rows = parts.flatMap(({ name, ms: time, details }) => [
    row(name, time),
    ...details.filter((detail) => detail.ms >= WORTH * whole).map((detail) => row(`  ${detail.name}`, detail.ms)),
  ]);
  for (const line of table([["part", "share", "ms a step"], ...rows], ["left", "right", "right"])) print(line);
}

function printStage(recipe: string, { stage, ms: spread, steps, dataWait, parts }: StageTiming): void {
  print(`${stage} of ${recipe}: ${ms(spread.median)} ms a step (${ms(spread.min)} … ${ms(spread.upper)}), ${steps} steps; waiting for batches ${percent(dataWait)}`); // prettier-ignore
  if (parts !== null) printParts(parts);
}

const stageJson = ({ stage, ms: spread, steps, dataWait, parts }: StageTiming): object => ({
  stage,
  ms: spread.median,
  min: spread.min,
  upper: spread.upper,
  steps,
  dataWait,
  ...(parts === null ? {} : { parts }),
});

/** Times the steps of a recipe's training. @throws RangeError for a recipe that cannot be used */
export async function training(options: BenchOptions): Promise<void> {
  const { recipe, set = [], workers, threads, repetitions, profile = false, json = false } = options;
  const bench = { recipe, set, workers, threads, steps: repetitions, profile };
  const read = recipeOf(bench);
  const engine: Engine = await engineOf(options);
  try {
    const stages = await timedTraining(engine, bench, read);
    if (json) return printJson({ ...headOf("train", options), recipe, workers, stages: stages.map(stageJson) });
    for (const stage of stages) printStage(recipe, stage);
  } finally {
    engine.close();
  }
}
