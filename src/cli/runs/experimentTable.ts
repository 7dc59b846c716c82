/** Prints experiments, and what their runs say, for people. */
import type { Experiment } from "../../experiments/experiment.ts";
import type { ExperimentResult } from "../../experiments/result.ts";
import { detectable } from "../../experiments/statistics.ts";
import { effectText, intervalText, points } from "../../experiments/texts.ts";
import { print, table } from "../output.ts";

const NUMBERS = ["left", "right", "right", "right"] as const;

/** What each asks, what it costs, and the paper's numbers. */
export function printExperiments(all: readonly Experiment[]): void {
  for (const { name, title, question, source, paper, quantities, settings } of all) {
    print(`${name}: ${title} (${source})`);
    print(`  ${question}`);
    for (const [data, { seeds, deviation, because, minutes }] of Object.entries(settings))
      print(
        `  on ${data}: ${seeds} seeds, about ${minutes} minutes on two cores; sees an effect of ${detectable(deviation, seeds).toFixed(1)} points in 80 % of all repetitions, as ${because}`,
      );
    print(`  the paper, ${paper}:`);
    const rows = quantities.map((quantity) => [`    ${quantity.name}`, quantity.paper?.toFixed(1) ?? "–"]);
    for (const line of table(rows, ["left", "right"])) print(line);
    print("");
  }
}

/** Ours beside the paper's, and the readings. */
export function printExperiment({ title, source, paper }: Experiment, { quantities, claims, power }: ExperimentResult): void {
  const error = (x: number): string => (Number.isNaN(x) ? "–" : x.toFixed(2));
  print(`${title} (${source}): top-1 on the test images, in percent; the paper's are of ${paper}`);
  const rows = quantities.map((q) => [q.name, q.mean.toFixed(2), error(q.standardError), q.paper?.toFixed(1) ?? "–"]);
  for (const line of table([["", "mean", "standard error", "paper"], ...rows], NUMBERS)) print(line);
  print("");
  print("Differences in points, seed by seed, with the 95 % interval of their mean:");
  const lines = claims.map((claim) => [
    claim.text,
    points(claim.mean),
    intervalText(claim.interval),
    effectText(claim.says),
    claim.reading,
  ]);
  for (const line of table([["", "ours", "interval", "paper", ""], ...lines], ["left", "right", "right", "right", "left"])) print(line);
  print(`\nStated beforehand: an effect of ${power.toFixed(2)} points would be seen in 80 % of all repetitions.`);
}
