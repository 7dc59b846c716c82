/**
 * Explains why tensors are wrong. It looks for the variant of the catalogue that reproduces the first tensor that is wrong locally, applies this variant
 * wherever it shows, judges everything again, and goes on with the next wrong tensor: what is only a consequence of an earlier error is right by then
 * (recording format, section 6). Where no variant reproduces the recorded values, or several do, it claims nothing.
 */
import { referenceEngine } from "../../engines/reference/engine.ts";
import type { Precision } from "../../kernels/engine.ts";
import { isDistinguished, OPTIMISER, optimizerCandidates, stepCandidates, type Candidate, type Inquiry } from "./candidates.ts";
import { bestCandidate, nameOf } from "./bestCandidate.ts";
import type { Explanations, Findings, Limits, StepExplanation } from "./explanation.ts";
import { hintsFor } from "./findings.ts";
import { rightHypothesis } from "../steps/hypothesis.ts";
import { parameterOf } from "../steps/optimizerSteps.ts";
import type { Recording } from "../format/read.ts";
import { isForward } from "../steps/readings.ts";
import { CUT_OFF, searchEndToEnd, type Search } from "./search.ts";
import { match, wrongLocally, type TensorStatus, type State } from "./state.ts";
import { blockOf, kindOf } from "../steps/steps.ts";
import { predict } from "../steps/prediction.ts";
import type { Variant } from "../variants/variant.ts";

const NOT_THE_RECORDING = "the reference engine finds the recorded values right: the engine that verifies is wrong, not the recording";
const NONE = "no known variant gives these values";

/** What a variant does, why it happens, and the equation, in a sentence. */
export const textOf = ({ instead, reason, equation }: Variant): string => `${instead}: ${reason}; see ${equation} in docs/deit.md`;

/** The entry for a wrong tensor without an explanation. */
function unexplained(at: string, { candidates, hints }: Omit<Findings, "explanation">): StepExplanation {
  const several = candidates.length === 0 ? [] : [`several known variants give these values: ${candidates.join(", ")}`];
  const text = [...(several.length === 0 && hints.length === 0 ? [NONE] : several), ...hints].join("; ");
  return { at, variant: null, residual: null, text, count: 1 };
}

/** The steps that share an entry: those of one kind, or all that a variant changes together. */
const groupOf = (variant: Variant, tap: string): string => (variant.part === "forward" && variant.together === true ? "" : kindOf(tap));

/** What an entry counts: blocks where a variant changes several steps of a block together, else steps. */
const locationOf = (variant: Variant, tap: string): string => (groupOf(variant, tap) === "" ? blockOf(tap) : tap);

/** The entries for the tensors that a candidate makes right, one for each group of steps that it changes. */
async function entriesOf({ recording }: Inquiry, before: State, { placed, state }: Candidate): Promise<readonly StepExplanation[]> {
  const corrected = wrongLocally(before).filter((name) => state.statuses.get(name)?.ok ?? false);
  const entries: StepExplanation[] = [];
  for (const { variant, taps } of placed) {
    const groups = new Map<string, { readonly at: string; readonly places: Set<string> }>();
    for (const at of corrected)
      for (const tap of stepsOf(state, at).filter((step) => taps.has(step))) {
        const group = groups.get(groupOf(variant, tap)) ?? { at, places: new Set() };
        group.places.add(locationOf(variant, tap));
        groups.set(groupOf(variant, tap), group);
      }
    for (const { at, places } of groups.values()) {
      const { error } = await match(recording, state.prediction, at, "f64");
      entries.push({ at, variant: variant.name, residual: error, text: textOf(variant), count: places.size });
    }
  }
  return entries;
}

const isUpdatedWeight = (name: string): boolean => name.startsWith("after/");

/** The taps of the steps that compute a tensor. */
const stepsOf = ({ prediction: { readings } }: State, name: string): readonly string[] =>
  isUpdatedWeight(name) ? [OPTIMISER] : (readings.get(name)?.steps ?? []).map(({ tap }) => tap);

/** Whether the VJP of a step may be wrong only because a formula in these blocks is: it may read any tap of its block, and tokens and positions. */
const mayFollow = (tap: string, blocks: ReadonlySet<string>): boolean => blocks.has(blockOf(tap)) || (tap === "embed" && blocks.size > 0);

/** Explains everything that is wrong locally, one tensor after the other. */
async function explainLocally(inquiry: Inquiry, start: State, limits: Limits): Promise<Explanations> {
  const entries: StepExplanation[] = [];
  const findings = new Map<string, Findings>();
  /** Steps that are wrong without an explanation, and the blocks in which such a formula lies. */
  const [unexplainedSteps, unclearBlocks] = [new Set<string>(), new Set<string>()];
  let state = start;
  const next = (): string | undefined => wrongLocally(state).find((name) => !stepsOf(state, name).some((tap) => unexplainedSteps.has(tap)));

  for (let name = next(); name !== undefined; name = next()) {
    limits.trying(name);
    const cut = limits.expired();
    const all = cut ? [] : await (isUpdatedWeight(name) ? optimizerCandidates : stepCandidates)(inquiry, state, name);
    const found = bestCandidate(all.filter((candidate) => candidate.placed.every((one) => isDistinguished(inquiry, candidate.state, one))));
    if (found === null) {
      const candidates = [...new Set(all.map(nameOf))];
      const known = { candidates, hints: cut ? [CUT_OFF] : await hintsFor(inquiry, state, name) };
      const steps = stepsOf(state, name);
      if (isForward(name) || !steps.some((tap) => mayFollow(tap, unclearBlocks))) entries.push(unexplained(name, known));
      findings.set(name, { explanation: null, ...known });
      for (const tap of steps) unexplainedSteps.add(tap);
      if (isForward(name)) for (const tap of steps.filter((step) => blockOf(step) !== "")) unclearBlocks.add(blockOf(tap));
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
  const order = [...start.statuses.keys()];
  const sorted = entries.toSorted((a, b) => order.indexOf(a.at) - order.indexOf(b.at));
  const first = wrongLocally(start)[0] ?? "";
  return { findings: findings.get(first) ?? { explanation: null, candidates: [], hints: [] }, explanations: sorted };
}

/** Explains the first tensor that is wrong from the images on, where nothing is wrong locally. */
async function explainEndToEnd(inquiry: Inquiry, state: State, name: string, limits: Limits): Promise<Explanations> {
  const own = isUpdatedWeight(name) ? await optimizerCandidates(inquiry, state, name) : [];
  const isSearched = own.length === 0 && parameterOf(name).step <= 1;
  const search: Search = isSearched ? await searchEndToEnd(inquiry, state, name, limits) : { candidates: own, incomplete: null };
  const found = search.incomplete === null ? bestCandidate(search.candidates) : null;
  const [placed] = found?.placed ?? [];
  if (found === null || placed === undefined) {
    const candidates = search.incomplete === null ? [...new Set(search.candidates.map(nameOf))] : [];
    const known = { candidates, hints: [search.incomplete ?? [], await hintsFor(inquiry, state, name)].flat() };
    return { findings: { explanation: null, ...known }, explanations: [unexplained(name, known)] };
  }
  const { error: residual } = await match(inquiry.recording, found.state.prediction, name, "f64");
  const explanation = { variant: placed.variant.name, residual, text: textOf(placed.variant) };
  const hints = await hintsFor(inquiry, state, name, explanation.variant);
  return { findings: { explanation, candidates: [], hints }, explanations: [{ at: name, ...explanation, count: 1 }] };
}

/**
 * Explains what is wrong in a recording.
 *
 * @param statuses every recorded tensor in the order of the computation, as the engine that verifies has judged it
 * @param first the first that is wrong locally, else the first that is wrong
 * @param precision that of the engine that verifies
 */
export async function explain(
  recording: Recording,
  statuses: ReadonlyMap<string, TensorStatus>,
  first: string,
  precision: Precision,
  limits: Limits,
): Promise<Explanations> {
  const engine = referenceEngine();
  const right = rightHypothesis(recording);
  const inquiry: Inquiry = { engine, recording, right, precision };
  const state: State = { prediction: predict(engine, recording, right), statuses };
  if ((await match(recording, state.prediction, first, "f64")).ok) {
    const found = { candidates: [], hints: [NOT_THE_RECORDING] };
    return { findings: { explanation: null, ...found }, explanations: [unexplained(first, found)] };
  }
  return statuses.get(first)?.local === true ? explainLocally(inquiry, state, limits) : explainEndToEnd(inquiry, state, first, limits);
}
