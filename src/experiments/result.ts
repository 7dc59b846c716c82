/** What the results of an experiment say: every quantity by seed, and of every claim whether its effect is seen. */
import type { Axis, Claim, Coordinate, DataName, Experiment, Figure, Line, Quantity } from "./experiment.ts";
import { detectable, interval, mean, standardError, type Interval } from "./statistics.ts";
import { scaled, units, type Unit } from "./units.ts";

/** A quantity of all seeds. */
export interface Measured extends Quantity {
  /** In its unit, by seed. */
  readonly values: readonly number[];
  readonly mean: number;
  readonly standardError: number;
}

/** Whether an effect is seen at this scale. */
export type Reading = "seen" | "not seen" | "not decidable at this scale";

/** A claim, and what the seeds say about it. */
export interface Judged extends Claim {
  /** Of the quantities that it compares. */
  readonly unit: Unit;
  /** The differences, by seed. */
  readonly differences: readonly number[];
  readonly mean: number;
  readonly standardError: number;
  /** The 95 % interval of the mean difference. */
  readonly interval: Interval;
  /** The difference that was expected to be seen in 80 % of all repetitions, stated before anything was trained. */
  readonly power: number;
  readonly reading: Reading;
}

/** A point of a figure, in numbers. */
export interface Drawn {
  readonly x: number;
  readonly y: number;
  /** The standard error of y; null: it is quoted. */
  readonly error: number | null;
  readonly label: string | null;
}

/** A line of a figure, in numbers. */
export interface DrawnLine extends Omit<Line, "points"> {
  readonly points: readonly Drawn[];
}

/** A figure, in numbers. */
export interface DrawnFigure extends Omit<Figure, "lines"> {
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly DrawnLine[];
}

/** The results of an experiment. */
export interface ExperimentResult {
  readonly quantities: readonly Measured[];
  readonly claims: readonly Judged[];
  readonly figures: readonly DrawnFigure[];
  /** All readings in one text. */
  readonly reading: string;
}

/** What the file of an experiment's results holds. */
export interface ResultFile
  extends ExperimentResult, Pick<Experiment, "title" | "question" | "source" | "paper" | "arms" | "measurements"> {
  readonly experiment: string;
  readonly interrupted: false;
  readonly data: DataName;
  readonly recipe: string | null;
  readonly seeds: number;
  /** Where the expected deviations, from which the powers follow, come from. */
  readonly because: string;
  readonly command: string;
  readonly machine: string;
  readonly date: string;
  readonly version: string;
  /** null: the program was not run from a checkout. */
  readonly commit: string | null;
}

/** The JSON of an arm's runs or of a measurement, by seed. */
export type ResultsOf = (name: string) => readonly unknown[];

/** The number at a place such as `student.mean.top1` of a JSON value. @throws RangeError if no number stands there */
export function numberAt(json: unknown, place: string): number {
  let found = json;
  for (const key of place.split(".")) found = Object(found)[key];
  if (typeof found !== "number") throw new RangeError(`a result has no number ${place}`);
  return found;
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

/** The unit in which a claim compares. @throws RangeError for a claim about quantities that there are not */
export function unitOf({ text, of: [more] }: Claim, quantities: readonly Quantity[]): Unit {
  const quantity = quantities.find(({ name }) => more.includes(name));
  if (quantity === undefined) throw new RangeError(`experiment: "${text}" compares nothing`);
  return quantity.unit;
}

/**
 * The difference that a claim is expected to see in 80 % of all repetitions.
 *
 * @param ofTwo the deviation that a setting expects of the difference of two quantities; √(n/2) of it is expected for n independent terms
 */
export function powerOf({ of: [more, less], deviation }: Claim, ofTwo: number, seeds: number): number {
  return detectable(deviation ?? ofTwo * Math.sqrt((more.length + less.length) / 2), seeds);
}

function judged(claim: Claim, quantities: readonly Measured[], ofTwo: number): Judged {
  const unit = unitOf(claim, quantities);
  const [more, less] = claim.of.map((names) => quantities.filter(({ name }) => names.includes(name)));
  const seeds = quantities[0]?.values.length ?? 0;
  const sum = (some: readonly Measured[] = [], seed: number): number =>
    some.reduce((total, { values }) => total + scaled(unit, values[seed] ?? NaN), 0);
  const differences = Array.from({ length: seeds }, (_, seed) => sum(more, seed) - sum(less, seed));
  const range = interval(differences);
  return {
    ...claim,
    unit,
    differences,
    mean: mean(differences),
    standardError: standardError(differences),
    interval: range,
    power: powerOf(claim, ofTwo, seeds),
    reading: readingOf(claim.says, range),
  };
}

/** A figure whose coordinates are numbers. */
function drawn({ lines, ...figure }: Figure, quantities: readonly Measured[]): DrawnFigure {
  const measured = (at: Coordinate): Measured | undefined => quantities.find(({ name }) => name === at);
  const number = (at: Coordinate): number => (typeof at === "number" ? at : (measured(at)?.mean ?? NaN));
  return {
    ...figure,
    lines: lines.map(({ points, ...line }) => ({
      ...line,
      points: points.map(({ x, y, label }) => ({ x: number(x), y: number(y), error: measured(y)?.standardError ?? null, label })),
    })),
  };
}

/**
 * What the results say.
 *
 * @param deviation the standard deviation over seeds that was expected of the difference of two quantities
 */
export function experimentResult({ quantities, claims, figures }: Experiment, results: ResultsOf, deviation: number): ExperimentResult {
  const measured = quantities.map((quantity): Measured => {
    const values = results(quantity.of).map((json) => units[quantity.unit].of(numberAt(json, quantity.value)));
    return { ...quantity, values, mean: mean(values), standardError: standardError(values) };
  });
  const all = claims.map((claim) => judged(claim, measured, deviation));
  return {
    quantities: measured,
    claims: all,
    figures: figures.map((figure) => drawn(figure, measured)),
    reading: all.map(({ text, reading }) => `${text.replace(/\.$/, "")}: ${reading}.`).join(" "),
  };
}
