/** What the runs of an experiment say: every quantity by seed, and of every claim whether its effect is seen. */
import type { RunResult } from "../train/run/run.ts";
import type { Claim, DataName, Experiment, Quantity } from "./experiment.ts";
import { detectable, interval, mean, standardError, type Interval } from "./statistics.ts";

/** Percent of a share. */
const PERCENT = 100;

/** A quantity of all runs. */
export interface Measured extends Quantity {
  /** In percent, by seed. */
  readonly values: readonly number[];
  readonly mean: number;
  readonly standardError: number;
}

/** Whether an effect is seen at this scale. */
export type Reading = "seen" | "not seen" | "not decidable at this scale";

/** A claim, and what the runs say about it. */
export interface Judged extends Claim {
  /** The paired differences in points, by seed. */
  readonly differences: readonly number[];
  readonly mean: number;
  readonly standardError: number;
  /** The 95 % interval of the mean difference. */
  readonly interval: Interval;
  readonly reading: Reading;
}

/** The results of an experiment. */
export interface ExperimentResult {
  readonly quantities: readonly Measured[];
  readonly claims: readonly Judged[];
  /** The difference, in points, that was expected to be seen in 80 % of all repetitions, stated before anything was trained. */
  readonly power: number;
  /** All readings in one text. */
  readonly reading: string;
}

/** What `result.json` holds. */
export interface ResultFile extends ExperimentResult {
  readonly experiment: string;
  readonly interrupted: false;
  readonly title: string;
  readonly question: string;
  readonly source: string;
  /** What the paper's numbers are of. */
  readonly paper: string;
  readonly data: DataName;
  readonly recipe: string;
  readonly seeds: number;
  readonly command: string;
  readonly machine: string;
  readonly date: string;
  readonly version: string;
  /** null: the program was not run from a checkout. */
  readonly commit: string | null;
}

/** The results of the runs of an arm, by seed. */
export type ResultsOf = (arm: string) => readonly RunResult[];

function valueOf({ by }: Quantity, { student, teacher }: RunResult): number {
  const accuracy = by === "teacher" ? teacher : student[by];
  return PERCENT * (accuracy?.top1 ?? NaN);
}

/**
 * Of an effect in one direction: seen if the interval lies above 0; not seen if it lies below the paper's effect; else it can be decided neither way.
 * Of equality: seen if the interval lies within the margin, not seen if it lies outside of it.
 */
export function readingOf(says: Claim["says"], [from, to]: Interval): Reading {
  const [seen, unseen] =
    says.kind === "more"
      ? [from > 0, to < says.effect]
      : [from > -says.within && to < says.within, from > says.within || to < -says.within];
  if (seen) return "seen";
  return unseen ? "not seen" : "not decidable at this scale";
}

function judged({ of: [more, less], ...claim }: Claim, quantities: readonly Measured[]): Judged {
  const values = (name: string): readonly number[] => quantities.find((quantity) => quantity.name === name)?.values ?? [];
  const differences = values(more).map((x, seed) => x - (values(less)[seed] ?? NaN));
  const range = interval(differences);
  return {
    ...claim,
    of: [more, less],
    differences,
    mean: mean(differences),
    standardError: standardError(differences),
    interval: range,
    reading: readingOf(claim.says, range),
  };
}

/**
 * What the runs say.
 *
 * @param deviation the standard deviation of a paired difference that was expected, in points
 */
export function experimentResult({ quantities, claims }: Experiment, results: ResultsOf, deviation: number): ExperimentResult {
  const measured = quantities.map((quantity): Measured => {
    const values = results(quantity.arm).map((result) => valueOf(quantity, result));
    return { ...quantity, values, mean: mean(values), standardError: standardError(values) };
  });
  const all = claims.map((claim) => judged(claim, measured));
  const seeds = measured[0]?.values.length ?? 0;
  return {
    quantities: measured,
    claims: all,
    power: detectable(deviation, seeds),
    reading: all.map(({ text, reading }) => `${text.replace(/\.$/, "")}: ${reading}.`).join(" "),
  };
}
