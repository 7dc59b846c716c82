/**
 * Variants that may be the reason for one wrong tensor: those that give the recorded values at its step and, put in place there and wherever else
 * they show, turn no tensor that was right into a wrong one (recording format, section 6).
 */
import type { Engine, Precision } from "../../kernels/engine.ts";
import { supposing, supposingRule, unitsOf, withRightPullback, type Hypothesis } from "../steps/hypothesis.ts";
import type { Recording } from "../format/read.ts";
import { isForward, tapName } from "../steps/readings.ts";
import { match, seenUnder, wrongLocally, type State } from "./seen.ts";
import { under } from "../steps/under.ts";
import { catalogue } from "../variants/catalogue.ts";
import type { StepVariant, Variant } from "../variants/variant.ts";

/** The steps of the optimiser, all of them, in the place of a tap. */
export const OPTIMISER = "after";

/** A variant at some steps. */
export interface Placed {
  readonly variant: Variant;
  readonly taps: ReadonlySet<string>;
}

/** Variants that explain a wrong tensor, and how everything looks with them in place. Mostly one; several if each explains a part. */
export interface Candidate {
  readonly placed: readonly Placed[];
  readonly state: State;
}

/** What candidates are looked for in. */
export interface Inquiry {
  /** The reference engine. */
  readonly engine: Engine;
  readonly recording: Recording;
  readonly right: Hypothesis;
  /** Of the engine that verifies. */
  readonly precision: Precision;
}

/** Taps of the steps that make a tensor, as it is and as it should be. */
function makersOf({ recording, right, engine }: Inquiry, { under: now }: State, name: string): ReadonlySet<string> {
  const should = under(engine, recording, right).readings.get(name);
  return new Set([...(should?.steps ?? []), ...(now.readings.get(name)?.steps ?? [])].map(({ tap }) => tap));
}

const isStepVariant = (variant: Variant): variant is StepVariant => variant.part !== "optimizer";

/** What lies behind both heads in the backward pass. */
const BEHIND_HEADS = /^(cotangents|grads)\/(?!head|logits)/;

/**
 * Whether the file shows that the loss is right now, or what it hands back to all logits that it reads, or what comes of that from the images on: one of
 * two heads does not tell a loss.
 */
function showsLoss({ right }: Inquiry, { seen }: State): boolean {
  const reads = right.steps.find(({ tap }) => tap === "loss")?.reads ?? [];
  const isRight = (name: string): boolean => seen.get(name)?.ok ?? false;
  const shown = (read: string): boolean => [`cotangents/${read}`, `grads/${read}.weight`, `grads/${read}.bias`].some(isRight);
  const behind = [...seen].some(([name, { ok, local }]) => ok && !local && BEHIND_HEADS.test(name));
  return isRight("loss") || reads.length === 1 || reads.every(shown) || behind;
}

/** Whether the recording holds what tells a variant at these steps from others; `state` has it in place. */
export function isDecided(inquiry: Inquiry, state: State, { variant, taps }: Placed): boolean {
  if (variant.part === "loss" || taps.has("loss")) return showsLoss(inquiry, state);
  const needed = variant.part === "forward" ? (variant.decidedBy?.(taps) ?? []) : [];
  return needed.every((tap) => inquiry.recording.results.has(`taps/${tap}`));
}

/** The next state with a variant at these steps; null where that contradicts the recording. */
async function stateWith(inquiry: Inquiry, state: State, placed: readonly Placed[]): Promise<State | null> {
  const { engine, recording, right, precision } = inquiry;
  let next: Hypothesis | null = state.under.hypothesis;
  for (const { variant, taps } of placed)
    if (next !== null)
      next = isStepVariant(variant) ? supposing(recording, right, next, variant, taps) : supposingRule(right, next, variant);
  if (next === null) return null;
  const found = await seenUnder(recording, state, under(engine, recording, next), precision);
  if (found !== null) return found;
  const formulas = new Set(placed.flatMap(({ variant, taps }) => (variant.part === "forward" ? [...taps] : [])));
  if (formulas.size === 0) return null;
  return seenUnder(recording, state, under(engine, recording, withRightPullback(right, next, formulas)), precision);
}

/** Local tensors that undoing or running one of these steps makes. */
function madeBy({ under: { readings }, seen }: State, taps: readonly string[]): readonly string[] {
  const local = [...seen].flatMap(([name, { local: is }]) => (is ? [name] : []));
  return local.filter((name) => readings.get(name)?.steps.some(({ tap }) => taps.includes(tap)) ?? false);
}

/** The other units at which the variant shows: something wrong becomes right there, and nothing right becomes wrong. */
async function repeats(
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
    const next = supposing(recording, right, state.under.hypothesis, variant, new Set(unit));
    if (next === null) continue;
    const supposed = under(engine, recording, next);
    const matches = await Promise.all(
      madeBy(state, unit).map(async (name) => ({
        name,
        ...(await match(recording, supposed, name, wrong.has(name) ? "f64" : inquiry.precision)),
      })),
    );
    const mended = matches.some(({ name, ok }) => ok && wrong.has(name));
    const contradicted = matches.some(({ name, ok }) => !ok && (!wrong.has(name) || isForward(name)));
    if (mended && !contradicted) shown.push(unit);
  }
  return shown;
}

/** Variants at a unit of steps that makes this tensor. */
interface Seed {
  readonly variant: StepVariant;
  readonly unit: readonly string[];
}

function seedsOf(inquiry: Inquiry, state: State, name: string): readonly Seed[] {
  const makers = makersOf(inquiry, state, name);
  return catalogue.filter(isStepVariant).flatMap((variant) => {
    if (variant.part === "backward" && isForward(name)) return [];
    const units = unitsOf(variant, inquiry.right).filter((unit) => unit.some((tap) => makers.has(tap)));
    return units.map((unit) => ({ variant, unit }));
  });
}

/** Whether these variants together give the recorded values of a tensor. */
async function gives({ engine, recording, right }: Inquiry, state: State, name: string, seeds: readonly Seed[]): Promise<boolean> {
  let next: Hypothesis | null = state.under.hypothesis;
  for (const { variant, unit } of seeds) next = next === null ? null : supposing(recording, right, next, variant, new Set(unit));
  return next !== null && (await match(recording, under(engine, recording, next), name, "f64")).ok;
}

/** Whether everything that a variant's formulas make is right with it in place. */
function givesAllOf({ seen }: State, { variant, taps }: Placed): boolean {
  const made = variant.part === "forward" || variant.part === "loss" ? [...taps].map(tapName) : [];
  return made.every((name) => seen.get(name)?.ok ?? true);
}

async function candidateOf(inquiry: Inquiry, state: State, seeds: readonly Seed[]): Promise<Candidate | null> {
  const placed: Placed[] = [];
  for (const { variant, unit } of seeds) {
    const others = seeds.length > 1 ? [] : await repeats(inquiry, state, variant, unit);
    placed.push({ variant, taps: new Set([unit, ...others].flat()) });
  }
  const found = await stateWith(inquiry, state, placed);
  return found !== null && placed.every((one) => givesAllOf(found, one)) ? { placed, state: found } : null;
}

/** Pairs of seeds at different steps. */
const pairs = (seeds: readonly Seed[]): readonly (readonly Seed[])[] =>
  seeds.flatMap((a, i) => seeds.slice(i + 1).flatMap((b) => (a.unit.some((tap) => b.unit.includes(tap)) ? [] : [[a, b]])));

/** What explains a wrong tensor of the forward or backward pass; pairs of variants where it has parts, and none explains it alone. */
export async function stepCandidates(inquiry: Inquiry, state: State, name: string): Promise<readonly Candidate[]> {
  const seeds = seedsOf(inquiry, state, name);
  const candidatesOf = async (tries: readonly (readonly Seed[])[]): Promise<readonly Candidate[]> => {
    const found: Candidate[] = [];
    for (const seed of tries) {
      const candidate = (await gives(inquiry, state, name, seed)) ? await candidateOf(inquiry, state, seed) : null;
      if (candidate !== null && candidate.state.seen.get(name)?.ok === true) found.push(candidate);
    }
    return found;
  };
  const single = await candidatesOf(seeds.map((seed) => [seed]));
  return single.length > 0 || isForward(name) ? single : candidatesOf(pairs(seeds));
}

/** What explains wrong weights after a step of the optimiser: all that are recorded of it, and begin alike, must be the variant's. */
export async function ruleCandidates(inquiry: Inquiry, state: State, name: string): Promise<readonly Candidate[]> {
  const { engine, recording, right } = inquiry;
  const { optimizer } = recording.configuration;
  const step = name.split("/").slice(0, 2).join("/");
  const { local } = state.under.originOf(name);
  const names = [...recording.results.keys()].filter(
    (other) => other.startsWith(`${step}/`) && state.under.originOf(other).local === local,
  );
  const found: Candidate[] = [];
  for (const variant of catalogue) {
    if (variant.part !== "optimizer" || !variant.kinds.some((kind) => kind === optimizer?.kind)) continue;
    const next = supposingRule(right, state.under.hypothesis, variant);
    if (next === null) continue;
    const supposed = under(engine, recording, next);
    const matches = await Promise.all(names.map((other) => match(recording, supposed, other, "f64")));
    const after = matches.every(({ ok }) => ok) ? await seenUnder(recording, state, supposed, inquiry.precision) : null;
    if (after !== null) found.push({ placed: [{ variant, taps: new Set([OPTIMISER]) }], state: after });
  }
  return found;
}
