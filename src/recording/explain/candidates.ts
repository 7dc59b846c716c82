/**
 * Finds the variants that may be the cause of one wrong tensor: those that reproduce the recorded values at its step and that, applied there and at every
 * other step where they show, make no right tensor wrong (recording format, section 6).
 */
import type { Engine, Precision } from "../../kernels/engine.ts";
import { supposing, supposingRule, unitsOf, withRightVjp, type Hypothesis } from "../steps/hypothesis.ts";
import type { Recording } from "../format/read.ts";
import { isForward, tapName } from "../steps/readings.ts";
import { match, stateUnder, wrongLocally, type State } from "./state.ts";
import { predict } from "../steps/prediction.ts";
import { catalogue } from "../variants/catalogue.ts";
import type { StepVariant, Variant } from "../variants/variant.ts";

/** Stands for all steps of the optimiser where others are named by their tap. */
export const OPTIMISER = "after";

/** A variant and the steps that it replaces. */
export interface PlacedVariant {
  readonly variant: Variant;
  readonly taps: ReadonlySet<string>;
}

/** Variants that explain a wrong tensor, mostly one, several if each explains a part; and the state of all tensors with these variants. */
export interface Candidate {
  readonly placed: readonly PlacedVariant[];
  readonly state: State;
}

/** What the search for an explanation works with. */
export interface Inquiry {
  /** The reference engine. */
  readonly engine: Engine;
  readonly recording: Recording;
  readonly right: Hypothesis;
  /** The precision of the engine that verifies. */
  readonly precision: Precision;
}

/** Taps of the steps that compute a tensor, under the current hypothesis and under the right one. */
function makersOf({ recording, right, engine }: Inquiry, { prediction }: State, name: string): ReadonlySet<string> {
  const rightReading = predict(engine, recording, right).readings.get(name);
  return new Set([...(rightReading?.steps ?? []), ...(prediction.readings.get(name)?.steps ?? [])].map(({ tap }) => tap));
}

const isStepVariant = (variant: Variant): variant is StepVariant => variant.part !== "optimizer";

/** Cotangents and gradients of what lies before the heads, and so depends on both. */
const BEHIND_HEADS = /^(cotangents|grads)\/(?!head|logits)/;

/**
 * Whether the file shows that the hypothesis has the right loss: by the loss itself, by the cotangents of all the logits that it reads, or by gradients before
 * the heads. The cotangent of one of two heads does not determine a loss.
 */
function showsLoss({ right }: Inquiry, { statuses }: State): boolean {
  const reads = right.steps.find(({ tap }) => tap === "loss")?.reads ?? [];
  const isRight = (name: string): boolean => statuses.get(name)?.ok ?? false;
  const shown = (read: string): boolean => [`cotangents/${read}`, `grads/${read}.weight`, `grads/${read}.bias`].some(isRight);
  const behind = [...statuses].some(([name, { ok, local }]) => ok && !local && BEHIND_HEADS.test(name));
  return isRight("loss") || reads.length === 1 || reads.every(shown) || behind;
}

/** Whether the recording holds what distinguishes a variant at these steps from others; `state` is the one with this variant. */
export function isDistinguished(inquiry: Inquiry, state: State, { variant, taps }: PlacedVariant): boolean {
  if (variant.part === "loss" || taps.has("loss")) return showsLoss(inquiry, state);
  const needed = variant.part === "forward" ? (variant.requiredTaps?.(taps) ?? []) : [];
  return needed.every((tap) => inquiry.recording.results.has(`taps/${tap}`));
}

/** The state with these variants added; null: they contradict the recording. */
async function stateWith(inquiry: Inquiry, state: State, placed: readonly PlacedVariant[]): Promise<State | null> {
  const { engine, recording, right, precision } = inquiry;
  let next: Hypothesis | null = state.prediction.hypothesis;
  for (const { variant, taps } of placed)
    if (next !== null)
      next = isStepVariant(variant) ? supposing(recording, right, next, variant, taps) : supposingRule(right, next, variant);
  if (next === null) return null;
  const found = await stateUnder(recording, state, predict(engine, recording, next), precision);
  if (found !== null) return found;
  const formulas = new Set(placed.flatMap(({ variant, taps }) => (variant.part === "forward" ? [...taps] : [])));
  if (formulas.size === 0) return null;
  return stateUnder(recording, state, predict(engine, recording, withRightVjp(right, next, formulas)), precision);
}

/** Names of the local tensors that one of these steps computes, forward or by its VJP. */
function madeBy({ prediction: { readings }, statuses }: State, taps: readonly string[]): readonly string[] {
  const local = [...statuses].flatMap(([name, { local: is }]) => (is ? [name] : []));
  return local.filter((name) => readings.get(name)?.steps.some(({ tap }) => taps.includes(tap)) ?? false);
}

/** The other sets of steps at which the variant shows: it makes a wrong tensor right there, and no right tensor wrong. */
async function repetitions(
  inquiry: Inquiry,
  state: State,
  variant: StepVariant,
  seed: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const { engine, recording, right } = inquiry;
  const wrong = new Set(wrongLocally(state));
  const others = unitsOf(variant, right).filter(
    (unit) => unit.join() !== seed.join() && madeBy(state, unit).some((name) => wrong.has(name)),
  );
  const shown: (readonly string[])[] = [];
  for (const unit of others) {
    const next = supposing(recording, right, state.prediction.hypothesis, variant, new Set(unit));
    if (next === null) continue;
    const prediction = predict(engine, recording, next);
    const matches = await Promise.all(
      madeBy(state, unit).map(async (name) => ({
        name,
        ...(await match(recording, prediction, name, wrong.has(name) ? "f64" : inquiry.precision)),
      })),
    );
    const corrects = matches.some(({ name, ok }) => ok && wrong.has(name));
    const contradicts = matches.some(({ name, ok }) => !ok && (!wrong.has(name) || isForward(name)));
    if (corrects && !contradicts) shown.push(unit);
  }
  return shown;
}

/** A variant at one of the smallest sets of steps that it can replace. */
interface Seed {
  readonly variant: StepVariant;
  readonly unit: readonly string[];
}

/** The variants that can be at a step that computes this tensor. */
function seedsOf(inquiry: Inquiry, state: State, name: string): readonly Seed[] {
  const makers = makersOf(inquiry, state, name);
  return catalogue.filter(isStepVariant).flatMap((variant) => {
    if (variant.part === "backward" && isForward(name)) return [];
    const units = unitsOf(variant, inquiry.right).filter((unit) => unit.some((tap) => makers.has(tap)));
    return units.map((unit) => ({ variant, unit }));
  });
}

/** Whether these variants together reproduce the recorded values of a tensor. */
async function reproduces({ engine, recording, right }: Inquiry, state: State, name: string, seeds: readonly Seed[]): Promise<boolean> {
  let next: Hypothesis | null = state.prediction.hypothesis;
  for (const { variant, unit } of seeds) next = next === null ? null : supposing(recording, right, next, variant, new Set(unit));
  return next !== null && (await match(recording, predict(engine, recording, next), name, "f64")).ok;
}

/** Whether all that a variant's formulas compute is right in the state with this variant. */
function allRight({ statuses }: State, { variant, taps }: PlacedVariant): boolean {
  const made = variant.part === "forward" || variant.part === "loss" ? [...taps].map(tapName) : [];
  return made.every((name) => statuses.get(name)?.ok ?? true);
}

async function candidateOf(inquiry: Inquiry, state: State, seeds: readonly Seed[]): Promise<Candidate | null> {
  const placed: PlacedVariant[] = [];
  for (const { variant, unit } of seeds) {
    const others = seeds.length > 1 ? [] : await repetitions(inquiry, state, variant, unit);
    placed.push({ variant, taps: new Set([unit, ...others].flat()) });
  }
  const found = await stateWith(inquiry, state, placed);
  return found !== null && placed.every((one) => allRight(found, one)) ? { placed, state: found } : null;
}

/** Pairs of seeds at different steps. */
const pairs = (seeds: readonly Seed[]): readonly (readonly Seed[])[] =>
  seeds.flatMap((a, i) => seeds.slice(i + 1).flatMap((b) => (a.unit.some((tap) => b.unit.includes(tap)) ? [] : [[a, b]])));

/** What explains a wrong tensor of the forward or backward pass: single variants or, for a sum of parts that none explains alone, pairs. */
export async function stepCandidates(inquiry: Inquiry, state: State, name: string): Promise<readonly Candidate[]> {
  const seeds = seedsOf(inquiry, state, name);
  const candidatesOf = async (tries: readonly (readonly Seed[])[]): Promise<readonly Candidate[]> => {
    const found: Candidate[] = [];
    for (const seed of tries) {
      const candidate = (await reproduces(inquiry, state, name, seed)) ? await candidateOf(inquiry, state, seed) : null;
      if (candidate !== null && candidate.state.statuses.get(name)?.ok === true) found.push(candidate);
    }
    return found;
  };
  const single = await candidatesOf(seeds.map((seed) => [seed]));
  return single.length > 0 || isForward(name) ? single : candidatesOf(pairs(seeds));
}

/** What explains wrong weights after a step of the optimiser. A variant must reproduce all recorded weights of the step that have the same kind of origin. */
export async function optimizerCandidates(inquiry: Inquiry, state: State, name: string): Promise<readonly Candidate[]> {
  const { engine, recording, right } = inquiry;
  const { optimizer } = recording.configuration;
  const step = name.split("/").slice(0, 2).join("/");
  const { local } = state.prediction.originOf(name);
  const names = [...recording.results.keys()].filter(
    (other) => other.startsWith(`${step}/`) && state.prediction.originOf(other).local === local,
  );
  const found: Candidate[] = [];
  for (const variant of catalogue) {
    if (variant.part !== "optimizer" || !variant.kinds.some((kind) => kind === optimizer?.kind)) continue;
    const next = supposingRule(right, state.prediction.hypothesis, variant);
    if (next === null) continue;
    const prediction = predict(engine, recording, next);
    const matches = await Promise.all(names.map((other) => match(recording, prediction, other, "f64")));
    const after = matches.every(({ ok }) => ok) ? await stateUnder(recording, state, prediction, inquiry.precision) : null;
    if (after !== null) found.push({ placed: [{ variant, taps: new Set([OPTIMISER]) }], state: after });
  }
  return found;
}
