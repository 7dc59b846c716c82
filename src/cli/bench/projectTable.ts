/** Results of `deit bench project`, for people and for scripts. */
import type { Adapter } from "../../bench/adapters.ts";
import { columns, type Estimate, type Source, type Sourced } from "../../bench/costs/estimate.ts";
import { hostRates } from "../../bench/costs/rates.ts";
import { terms, titles, type Rates } from "../../bench/costs/terms.ts";
import { PROFILED, type ForecastSettings } from "../../bench/forecast.ts";
import { costOf } from "../../bench/profileTree.ts";
import type { Projection, Stage } from "../../bench/projection.ts";
import { print, table } from "../output.ts";
import { printProfile, profileJson } from "./profileTable.ts";
import { rateCells, unitOf } from "./rateUnits.ts";

/** A training whose cost is predicted. */
export interface Case extends Pick<ForecastSettings, "precision"> {
  readonly model: string;
  /** The teacher whose forward pass is part of a step; null for a plain model, which has none. */
  readonly teacher: string | null;
  readonly stage: Stage;
}

export const nameOf = ({ model, stage, precision }: Case): string => `${model} ${stage.imageSize} ${precision}`;

interface ProjectedCase extends Case {
  /** The projection, or a string that says why such a step is impossible. */
  readonly found: Projection | string;
}

export interface Projections {
  readonly adapter: Adapter;
  /** Images of a step. */
  readonly batch: number;
  readonly rows: readonly ProjectedCase[];
}

const GIGA = 1e9;
const TERA = 1e12;
const DIGITS = 1;

const NOTE = "prediction, not measured on hardware";

const ratesOf = ({ rates }: Adapter): Rates => ({ ...rates, ...hostRates });
const valuesOf = (estimate: Estimate): readonly number[] => columns.map((column) => estimate[column]);
const inColumns = ({ bound, expected, pessimistic }: Sourced): Estimate => ({ bound, expected, pessimistic });

function foundJson({ forecast, largestBatch, at }: Projection, profile: boolean): object {
  const { dispatches, bytes, macs, traffic, executed } = costOf(forecast.root);
  return {
    dispatches,
    bytes,
    traffic,
    macs,
    executed,
    flop: forecast.flop,
    memoryBytes: forecast.memory,
    largestBatch,
    at,
    terms: forecast.cost.terms,
    ...(profile ? profileJson({ root: forecast.root, peakGflops: null }) : {}),
  };
}

function ratesJson(adapter: Adapter): object {
  const rates = ratesOf(adapter);
  return Object.fromEntries(
    terms.map((term) => [term, { title: titles[term], unit: unitOf[term].rate, ...inColumns(rates[term]), sources: rates[term].sources }]),
  );
}

export const projectionsJson = ({ adapter, batch, rows }: Projections, profile: boolean): object => {
  const { rates: _, reported: __, ...sheet } = adapter;
  return {
    what: "project",
    note: NOTE,
    adapter: sheet,
    rates: ratesJson(adapter),
    batch,
    rows: rows.map(({ model, teacher, stage, precision, found }) => ({
      model,
      ...(teacher === null ? {} : { teacher }),
      imageSize: stage.imageSize,
      epochs: stage.epochs,
      precision,
      paperHours: stage.paperHours,
      ...(typeof found === "string" ? { refused: found } : foundJson(found, profile)),
    })),
  };
};

const HEAD = ["model", "side", "", "dispatches", "GB", "GB moved", "TFLOP", "executed", "memory GB", "largest batch"];

function cellsOf({ model, stage, precision, found }: ProjectedCase): readonly string[] {
  const name = [model, `${stage.imageSize}`, precision];
  if (typeof found === "string") return [...name, "refused"];
  const { forecast, largestBatch, at } = found;
  const cost = costOf(forecast.root);
  return [
    ...name,
    `${cost.dispatches}`,
    ...[cost.bytes / GIGA, cost.traffic / GIGA, forecast.flop / TERA, (2 * cost.executed) / TERA, forecast.memory / GIGA].map((x) =>
      x.toFixed(DIGITS),
    ),
    `${largestBatch}`,
    ...[...at.map(({ ms }) => ms), ...at.map(({ hours }) => hours)].map((x) => x.toFixed(DIGITS)),
  ];
}

/** The rates in three columns, with the numbers of their sources; then the sources. */
function printRates(adapter: Adapter): void {
  const rates = ratesOf(adapter);
  const sources = [...new Set<Source>(terms.flatMap((term) => rates[term].sources))];
  const rows = terms.map((term) => {
    const cited = rates[term].sources.map((source) => `[${sources.indexOf(source) + 1}]`).join(" ");
    return [...rateCells(term, valuesOf(rates[term])), cited];
  });
  const lines = table([["rate", "", ...columns, "sources"], ...rows], ["left", "left", "right", "right", "right", "left"]);
  for (const line of lines) print(line);
  print("");
  for (const [i, { what, url, date }] of sources.entries()) print(`[${i + 1}] ${what} (${date}, ${url})`);
}

/** The time of a step by term: how much there is of each, and the ms of what it bounds. */
function printTerms(title: string, { forecast: { cost } }: Projection): void {
  const ms = (estimate: Estimate): readonly string[] => valuesOf(estimate).map((x) => x.toFixed(2));
  const rows = terms.map((term) => {
    const { amount, ofAmount } = unitOf[term];
    const cell = (cost.terms[term].amount / ofAmount).toFixed(ofAmount === 1 ? 0 : 2);
    return [titles[term], cell, amount, ...ms(cost.terms[term].ms)];
  });
  const sums = [
    ["the device", "", "", ...ms(cost.device)],
    ["the host", "", "", ...ms(cost.host)],
    ["a step: whichever takes longer", "", "", ...ms(cost.step)],
  ];
  print(`${title}: ms of what each term bounds`);
  const lines = table([["term", "", "", ...columns], ...rows, ...sums], ["left", "right", "left", "right", "right", "right"]);
  for (const line of lines) print(line);
}

const EXPLAINED = `GB counts each tensor of a dispatch once; GB moved counts what is read and what is written, changes in place twice, and the scratch. TFLOP are those of the
formulas; executed are the multiply–adds with those beyond the edges of matrices and those done again. A dispatch takes as long as its multiply–adds or
its memory, whichever is slower, and a step as long as the device or the host. bound: what the hardware cannot exceed; expected, pessimistic: what the
sources have measured, or assume. A step has all that the recipe's has: images uploaded as they come, normalised, erased and mixed, AdamW, and the
moving average; that of a distilled model includes the forward pass of its teacher, a RegNetY-16GF. The trainings are 300 epochs at 224 and 25 epochs
at 384, which took the authors 53 h and 20 h for DeiT-B on eight V100.`;

export function printProjections({ adapter, batch, rows }: Projections, profile: boolean): void {
  print(`${adapter.title}, steps of ${batch} images: ${NOTE}`);
  print("");
  printRates(adapter);
  print("");
  const head = [...HEAD, ...columns.map((column) => `ms ${column}`), ...columns.map((column) => `h ${column}`)];
  const lines = table([head, ...rows.map(cellsOf)], ["left", "right", "left", ...head.slice(3).map(() => "right" as const)]);
  for (const line of lines) print(line);
  print("");
  for (const row of rows) if (typeof row.found === "string") print(`refused: ${nameOf(row)}: ${row.found}`);
  print(EXPLAINED);
  for (const row of rows) {
    const { model, teacher, stage, found } = row;
    if (typeof found === "string" || (!profile && rows.length > 1)) continue;
    print("");
    printTerms(nameOf(row), found);
    if (!profile) continue;
    print(`\nBy op, on the device, ${PROFILED}:`);
    printProfile({ what: "train", model, teacher, imageSize: stage.imageSize, batch }, { root: found.forecast.root, peakGflops: null });
  }
}
