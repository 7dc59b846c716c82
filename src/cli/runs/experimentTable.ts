/** Prints experiments, and what their runs say, for people. */
import type { Experiment, Setting } from "../../experiments/experiment.ts";
import type { ResultFile } from "../../experiments/result.ts";
import { detectable } from "../../experiments/statistics.ts";
import { effectText, intervalText, seedsText } from "../../experiments/texts.ts";
import { differenceText, numberText, paperText, units, type Unit } from "../../experiments/units.ts";
import { print, table } from "../output.ts";

const NUMBERS = ["left", "right", "right", "right"] as const;

/** Seeds, cost and power of an experiment on some images. */
function settingText(data: string, unit: Unit, setting: Setting): string {
  const { seeds, minutes, deviation, because } = setting;
  const power = `${differenceText(unit, detectable(deviation, seeds))} ${units[unit].differences}`;
  return `  on ${data}: ${seedsText(setting)}, about ${minutes} minutes on two cores; sees a difference of ${power} in 80 % of all repetitions, as ${because}`;
}

/** What each asks, what it costs, and the paper's numbers and claims. */
export function printExperiments(all: readonly Experiment[]): void {
  for (const { name, title, question, source, paper, quantities, claims, settings } of all) {
    print(`${name}: ${title} (${source})`);
    print(`  ${question}`);
    for (const [data, setting] of Object.entries(settings)) print(settingText(data, quantities[0]?.unit ?? "%", setting));
    const quoted = quantities.filter((quantity) => quantity.paper !== null);
    if (quoted.length > 0) print(`  the paper, ${paper}:`);
    const rows = quoted.map((quantity) => [`    ${quantity.name}`, paperText(quantity.unit, quantity.paper), quantity.unit]);
    for (const line of table(rows, ["left", "right", "left"])) print(line);
    for (const { text } of claims) print(`  ? ${text}`);
    print("");
  }
}

/** Ours beside the paper's, and the readings. */
export function printExperiment({ title, source, paper, quantities, claims }: ResultFile): void {
  print(`${title} (${source}); in the paper: ${paper}`);
  const rows = quantities.map(({ name, unit, mean, standardError, paper: theirs }) => [
    name,
    numberText(unit, mean),
    numberText(unit, standardError),
    paperText(unit, theirs),
    unit,
  ]);
  for (const line of table([["", "mean", "standard error", "paper", ""], ...rows], [...NUMBERS, "left"])) print(line);
  print("");
  print(
    "Paired differences, with the 95 % interval of their mean; power: what would be seen in 80 % of all repetitions, as expected beforehand:",
  );
  const lines = claims.map(({ text, unit, mean, interval, says, power, reading }) => [
    text,
    differenceText(unit, mean),
    intervalText(unit, interval),
    effectText(unit, says),
    differenceText(unit, power),
    reading,
  ]);
  const header = ["", "ours", "interval", "paper", "power", ""];
  for (const line of table([header, ...lines], [...NUMBERS, "right", "left"])) print(line);
}
