/**
 * Why the first wrong tensor is wrong: each variant of the catalogue is tried on the one step that makes it, on the reference engine. One that gives
 * the recorded values is the explanation; where none does, or several do, nothing is claimed (recording format, section 5).
 */
import { referenceEngine } from "../engines/reference/engine.ts";
import type { Engine } from "../kernels/engine.ts";
import { hintsOf } from "./hints.ts";
import { judge } from "./judge.ts";
import { startsOf, weightsAfter } from "./later.ts";
import { localRun, ownValues } from "./local.ts";
import { resultOf, type Recording } from "./read.ts";
import { originOf, originOfResult, passReadings, type Reading } from "./readings.ts";
import { recordedValues, rightValues } from "./right.ts";
import { tried, type Tried } from "./tried.ts";
import { tryUnseen } from "./unseen.ts";
import { fits, varied } from "./varied.ts";
import { catalogue } from "./variants/catalogue.ts";
import { weightHints } from "./weightHints.ts";

/** A known mistake that gives the recorded values. */
export interface Explanation {
  /** Name of the variant. */
  readonly variant: string;
  /** How far its values are from the recorded ones, as a share of their scale. */
  readonly residual: number;
  /** What is computed instead, why that happens, and the equation, in a sentence. */
  readonly text: string;
}

/** One step that is wrong by its own inputs (recording format, section 5). */
export interface StepExplanation {
  /** The first tensor that shows it, as in the file: `taps/blocks.0.mid`. */
  readonly at: string;
  /** Name of the variant; null unless exactly one reproduces the step. */
  readonly variant: string | null;
  /** How far the variant's values are from the recorded ones, as a share of their scale; null without a variant. */
  readonly residual: number | null;
  /** What is wrong in a sentence, or what the numbers show. */
  readonly text: string;
  /** How many blocks have the same variant at this step, this one included. */
  readonly count: number;
}

/** What is known about the first tensor that is wrong. */
export interface Findings {
  /** The one known mistake that gives its numbers; null: none does, or several do. */
  readonly explanation: Explanation | null;
  /** Variants that all give the recorded values; empty if there is one, or none. */
  readonly candidates: readonly string[];
  /** What the numbers themselves show. */
  readonly hints: readonly string[];
}

/** The variants at the step itself, which reads recorded values or, from the images on, right ones. */
async function tryOnStep(engine: Engine, recording: Recording, reading: Reading): Promise<readonly Tried[]> {
  const { local } = originOf(reading, recording);
  const values = local ? recordedValues(recording) : ownValues(engine, recording);
  const all: Tried[] = [];
  for (const variant of catalogue.filter((candidate) => fits(candidate, reading))) {
    const value = await localRun(engine, recording, values, varied(variant, recording, local))(reading);
    all.push(tried(engine, recording, variant, new Map([[reading.name, value]])));
  }
  return all;
}

/** All recorded weights after one step must be those of the variant. */
async function tryOnOptimizer(engine: Engine, recording: Recording, name: string): Promise<readonly Tried[]> {
  const { optimizer } = recording.configuration;
  const s = Number(name.split("/")[1]);
  const starts = await startsOf(engine, recording, s);
  const all: Tried[] = [];
  for (const variant of catalogue) {
    if (variant.part !== "optimizer" || !variant.kinds.some((kind) => kind === optimizer?.kind)) continue;
    const after = [...(await weightsAfter(engine, recording, starts, variant.wrong))].map(
      ([parameter, value]) => [`after/${s}/${parameter}`, value] as const,
    );
    all.push(tried(engine, recording, variant, new Map(after.filter(([result]) => recording.results.has(result)))));
  }
  return all;
}

const NOT_THE_RECORDING = "the reference engine finds the recorded values right: it is the engine that verifies which is off";

/** Looks for the reason that one recorded tensor is wrong. */
export async function explain(recording: Recording, name: string): Promise<Findings> {
  const engine = referenceEngine();
  const reading = passReadings(recording).find((candidate) => candidate.name === name);
  const right = await rightValues(engine, recording)(name);
  const { error, tolerance } = judge(recording, name, right, engine.precision, originOfResult(name, recording));
  if (error <= tolerance.bound) return { explanation: null, candidates: [], hints: [NOT_THE_RECORDING] };

  const onStep = await (reading === undefined ? tryOnOptimizer(engine, recording, name) : tryOnStep(engine, recording, reading));
  const seen = originOfResult(name, recording).local || onStep.some(({ ok }) => ok);
  const all = seen ? onStep : await tryUnseen(engine, recording, name);
  const matching = all.filter(({ ok }) => ok);
  const names = [...new Set(matching.map(({ variant }) => variant.name))];
  const [found] = matching;
  if (found === undefined || names.length > 1) {
    const ofWeights = reading === undefined ? [] : await weightHints(engine, recording, reading);
    return { explanation: null, candidates: names, hints: [...ofWeights, ...hintsOf(resultOf(recording, name), right, recording.batch)] };
  }
  const { instead, reason, equation } = found.variant;
  const text = `${instead}: ${reason}; see ${equation} in docs/deit.md`;
  return { explanation: { variant: found.variant.name, residual: found.error, text }, candidates: [], hints: [] };
}
