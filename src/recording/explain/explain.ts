/**
 * Why tensors are wrong. The first that is wrong by its own inputs is explained by a variant of the catalogue; that variant is put in place wherever it
 * shows, everything is read again, and so on: what is only a consequence of an earlier error is right by then (recording format, section 6). Where no
 * variant gives the recorded values, or several do, nothing is claimed.
 */
import { referenceEngine } from "../../engines/reference/engine.ts";
import type { Precision } from "../../kernels/engine.ts";
import { isDecided, OPTIMISER, ruleCandidates, stepCandidates, type Candidate, type Inquiry } from "./candidates.ts";
import { decided, nameOf } from "./decide.ts";
import type { Explained, Findings, Limits, StepExplanation } from "./explained.ts";
import { hintsFor } from "./findings.ts";
import { rightHypothesis } from "../steps/hypothesis.ts";
import { parameterOf } from "../steps/later.ts";
import type { Recording } from "../format/read.ts";
import { isForward } from "../steps/readings.ts";
import { CUT_OFF, searchWhole, type Search } from "./search.ts";
import { match, wrongLocally, type Seen, type State } from "./seen.ts";
import { blockOf, kindOf } from "../steps/steps.ts";
import { under } from "../steps/under.ts";
import type { Variant } from "../variants/variant.ts";

const NOT_THE_RECORDING = "the reference engine finds the recorded values right: it is the engine that verifies which is off";
const NONE = "no known variant gives these values";

export const textOf = ({ instead, reason, equation }: Variant): string => `${instead}: ${reason}; see ${equation} in docs/deit.md`;

/** What a tensor without an explanation is said to be. */
function unexplained(at: string, { candidates, hints }: Omit<Findings, "explanation">): StepExplanation {
  const several = candidates.length === 0 ? [] : [`several known variants give these values: ${candidates.join(", ")}`];
  const text = [...(several.length === 0 && hints.length === 0 ? [NONE] : several), ...hints].join("; ");
  return { at, variant: null, residual: null, text, count: 1 };
}

/** What one entry stands for: a kind of step, or all that a variant changes together. */
const groupOf = (variant: Variant, tap: string): string => (variant.part === "forward" && variant.together === true ? "" : kindOf(tap));

/** Blocks, and places outside of them. */
const placeOf = (variant: Variant, tap: string): string => (groupOf(variant, tap) === "" ? blockOf(tap) : tap);

/** The tensors that a candidate makes right, by what it changes; each group is one entry. */
async function entriesOf({ recording }: Inquiry, before: State, { placed, state }: Candidate): Promise<readonly StepExplanation[]> {
  const mended = wrongLocally(before).filter((name) => state.seen.get(name)?.ok ?? false);
  const entries: StepExplanation[] = [];
  for (const { variant, taps } of placed) {
    const groups = new Map<string, { readonly at: string; readonly places: Set<string> }>();
    for (const at of mended)
      for (const tap of stepsOf(state, at).filter((step) => taps.has(step))) {
        const group = groups.get(groupOf(variant, tap)) ?? { at, places: new Set() };
        group.places.add(placeOf(variant, tap));
        groups.set(groupOf(variant, tap), group);
      }
    for (const { at, places } of groups.values()) {
      const { error } = await match(recording, state.under, at, "f64");
      entries.push({ at, variant: variant.name, residual: error, text: textOf(variant), count: places.size });
    }
  }
  return entries;
}

const isLater = (name: string): boolean => name.startsWith("after/");

/** The taps of the steps that make a tensor. */
const stepsOf = ({ under: { readings } }: State, name: string): readonly string[] =>
  isLater(name) ? [OPTIMISER] : (readings.get(name)?.steps ?? []).map(({ tap }) => tap);

/** Whether undoing a step may be wrong only because a formula of these blocks is, which may read any tap of its block, and tokens and positions. */
const mayFollow = (tap: string, blocks: ReadonlySet<string>): boolean => blocks.has(blockOf(tap)) || (tap === "embed" && blocks.size > 0);

/** Everything that is wrong locally, one explanation after the other. */
async function explainLocally(inquiry: Inquiry, start: State, limits: Limits): Promise<Explained> {
  const entries: StepExplanation[] = [];
  const findings = new Map<string, Findings>();
  /** Steps that are wrong without a known reason, and the blocks in which a formula is. */
  const [unknown, unclear] = [new Set<string>(), new Set<string>()];
  let state = start;
  const next = (): string | undefined => wrongLocally(state).find((name) => !stepsOf(state, name).some((tap) => unknown.has(tap)));

  for (let name = next(); name !== undefined; name = next()) {
    limits.trying(name);
    const cut = limits.expired();
    const all = cut ? [] : await (isLater(name) ? ruleCandidates : stepCandidates)(inquiry, state, name);
    const found = decided(all.filter((candidate) => candidate.placed.every((one) => isDecided(inquiry, candidate.state, one))));
    if (found === null) {
      const candidates = [...new Set(all.map(nameOf))];
      const seen = { candidates, hints: cut ? [CUT_OFF] : await hintsFor(inquiry, state, name) };
      const steps = stepsOf(state, name);
      if (isForward(name) || !steps.some((tap) => mayFollow(tap, unclear))) entries.push(unexplained(name, seen));
      findings.set(name, { explanation: null, ...seen });
      for (const tap of steps) unknown.add(tap);
      if (isForward(name)) for (const tap of steps.filter((step) => blockOf(step) !== "")) unclear.add(blockOf(tap));
      continue;
    }
    const own = await entriesOf(inquiry, state, found);
    entries.push(...own);
    const at = own.find((entry) => entry.at === name);
    const { variant = null, residual = null, text = "" } = at ?? {};
    if (variant !== null && residual !== null)
      findings.set(name, {
        explanation: { variant, residual, text },
        candidates: [],
        hints: await hintsFor(inquiry, state, name, variant),
      });
    state = found.state;
  }
  const order = [...start.seen.keys()];
  const sorted = entries.toSorted((a, b) => order.indexOf(a.at) - order.indexOf(b.at));
  const first = wrongLocally(start)[0] ?? "";
  return { findings: findings.get(first) ?? { explanation: null, candidates: [], hints: [] }, explanations: sorted };
}

/** Where nothing is wrong locally: the first tensor that is wrong from the images on. */
async function explainWhole(inquiry: Inquiry, state: State, name: string, limits: Limits): Promise<Explained> {
  const own = isLater(name) ? await ruleCandidates(inquiry, state, name) : [];
  const isSearched = own.length === 0 && parameterOf(name).step <= 1;
  const search: Search = isSearched ? await searchWhole(inquiry, state, name, limits) : { candidates: own, incomplete: null };
  const found = search.incomplete === null ? decided(search.candidates) : null;
  const [placed] = found?.placed ?? [];
  if (found === null || placed === undefined) {
    const candidates = search.incomplete === null ? [...new Set(search.candidates.map(nameOf))] : [];
    const seen = { candidates, hints: [search.incomplete ?? [], await hintsFor(inquiry, state, name)].flat() };
    return { findings: { explanation: null, ...seen }, explanations: [unexplained(name, seen)] };
  }
  const { error: residual } = await match(inquiry.recording, found.state.under, name, "f64");
  const explanation = { variant: placed.variant.name, residual, text: textOf(placed.variant) };
  const hints = await hintsFor(inquiry, state, name, explanation.variant);
  return { findings: { explanation, candidates: [], hints }, explanations: [{ at: name, ...explanation, count: 1 }] };
}

/**
 * Explains what is wrong.
 *
 * @param seen every recorded tensor in the order of the computation, as the engine that verifies finds it
 * @param first the first that is wrong locally, else the first that is wrong
 * @param precision of that engine
 */
export async function explain(
  recording: Recording,
  seen: ReadonlyMap<string, Seen>,
  first: string,
  precision: Precision,
  limits: Limits,
): Promise<Explained> {
  const engine = referenceEngine();
  const right = rightHypothesis(recording);
  const inquiry: Inquiry = { engine, recording, right, precision };
  const state: State = { under: under(engine, recording, right), seen };
  if ((await match(recording, state.under, first, "f64")).ok) {
    const found = { candidates: [], hints: [NOT_THE_RECORDING] };
    return { findings: { explanation: null, ...found }, explanations: [unexplained(first, found)] };
  }
  return seen.get(first)?.local === true ? explainLocally(inquiry, state, limits) : explainWhole(inquiry, state, first, limits);
}
