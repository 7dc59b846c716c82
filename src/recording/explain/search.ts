/**
 * Searches for an explanation where the file does not hold the tensors before the first wrong one, so that any step before it may be wrong. The search tries
 * each variant in the whole network: in all blocks and in each block alone, and there at all kinds of steps that it fits and at some of them.
 */
import type { HostArray, Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import { parameterShapes } from "../../model/params.ts";
import { weightOf } from "../steps/networkInputs.ts";
import { isDistinguished, type Candidate, type Inquiry } from "./candidates.ts";
import type { Limits } from "./explanation.ts";
import { supposing, unitsOf, type Hypothesis } from "../steps/hypothesis.ts";
import { judge } from "../judge.ts";
import type { Recording } from "../format/read.ts";
import { isForward, tapName } from "../steps/readings.ts";
import { isQuick, isTiny } from "../steps/compute.ts";
import { match, stateUnder, wrongNames, type State } from "./state.ts";
import { blockOf, kindOf } from "../steps/steps.ts";
import { predict } from "../steps/prediction.ts";
import { catalogue } from "../variants/catalogue.ts";
import type { StepVariant, Variant } from "../variants/variant.ts";
import { computeEndToEnd } from "../steps/endToEnd.ts";

/** The parts of a training step that a result depends on. */
function partsBefore(name: string): readonly Variant["part"][] {
  if (name === "loss") return ["forward", "loss"];
  return isForward(name) ? ["forward"] : ["forward", "loss", "backward"];
}

/** Up to this many kinds of steps, every subset of them is tried; of more, all together and each alone. */
const ALL_SETS = 3;

/** The non-empty subsets, the whole set first. */
function subsets<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length > ALL_SETS) return [all, ...all.map((one) => [one])];
  return Array.from({ length: 2 ** all.length - 1 }, (_, i) => all.filter((__, bit) => ((i >> bit) & 1) === 0));
}

/** Steps, by their taps, that a variant changes together. */
type Unit = readonly string[];
const blockOfUnit = (unit: Unit): string => blockOf(unit[0] ?? "");
const kindsOf = (unit: Unit): string => unit.map(kindOf).join();

/** The sets of steps at which a variant is tried, the whole network first. Unless the network is tiny, not every subset is tried in each block. */
function stepSetsOf(variant: StepVariant, right: Hypothesis, tiny: boolean): readonly ReadonlySet<string>[] {
  const units = unitsOf(variant, right);
  const blocks = [...new Set(units.map(blockOfUnit))].filter((block) => block !== "");
  const someKinds = (region: readonly Unit[]): readonly (readonly string[])[] =>
    subsets([...new Set(region.map(kindsOf))]).map((kinds) => region.filter((unit) => kinds.includes(kindsOf(unit))).flat());
  const places = [
    ...someKinds(units),
    ...blocks.flatMap((block) => {
      const inside = units.filter((unit) => blockOfUnit(unit) === block);
      return tiny ? someKinds(inside) : [inside.flat()];
    }),
  ];
  return [...new Map(places.map((place) => [place.toSorted().join(), new Set(place)])).values()];
}

/** The taps that are the same under both hypotheses, because nothing that they depend on has changed. */
function untouched({ steps }: Hypothesis, right: Hypothesis): ReadonlySet<string> {
  const touched = new Set<string>();
  for (let grown = true; grown;) {
    grown = false;
    for (const [i, { tap, reads, forward }] of steps.entries()) {
      if (touched.has(tap) || (forward === right.steps[i]?.forward && !reads.some((read) => touched.has(read)))) continue;
      touched.add(tap);
      grown = true;
    }
  }
  return new Set(steps.map(({ tap }) => tap).filter((tap) => !touched.has(tap) && tap !== "loss"));
}

/** A hypothesis is promising if its error on an f32 engine is below PROMISING, and below this share of the error of the right network. */
const SHARE = 1 / 4;
const PROMISING = 1e-3;

/**
 * Returns a quick test, on one engine, of whether a hypothesis comes near the recorded values. What lies before the change is taken from the right network,
 * and is computed only once.
 */
async function promisingTest(
  engine: Engine,
  { recording, right }: Inquiry,
  name: string,
): Promise<(hypothesis: Hypothesis) => Promise<boolean>> {
  const shapes = parameterShapes(recording.configuration.model);
  const weights: Leaves = new Map([...shapes].map(([parameter, shape]) => [parameter, weightOf(recording, parameter, shape)]));
  const taps = right.steps.flatMap(({ tap }) => (tap === "loss" ? [] : [tapName(tap)]));
  const values = await computeEndToEnd(engine, recording, right.steps, [...taps, name], { weights });
  const made: Leaves = new Map([...values].map(([tap, array]) => [tap.slice("taps/".length), array]));
  const errorOf = (value: HostArray | undefined): number =>
    value === undefined ? Infinity : judge(recording, name, value, engine.precision).error;
  const most = engine.precision === "f64" ? PROMISING : Math.min(PROMISING, SHARE * errorOf(values.get(name)));
  return async (hypothesis) => {
    const same = untouched(hypothesis, right);
    const known: Leaves = new Map([...made].filter(([tap]) => same.has(tap)));
    return errorOf((await computeEndToEnd(engine, recording, hypothesis.steps, [name], { taps: known, weights })).get(name)) <= most;
  };
}

/** Why a search that did not try everything claims nothing. */
export const CUT_OFF = "the search for an explanation stopped when its time was up; --minutes gives it more";
const TOO_LARGE =
  "the network is too large to try each variant from the images on; record the taps before this step, and it may be explained";

/** The result of a search. */
export interface Search {
  readonly candidates: readonly Candidate[];
  /** Why not everything was tried; null: everything was tried. */
  readonly incomplete: string | null;
}

/**
 * Whether nothing is wrong any more. From the images on, a tensor that is still wrong may have another cause, which may also explain what the variant seemed
 * to explain. Unless the network is tiny, not everything is computed again, so this cannot be checked.
 */
const explainsAll = (recording: Recording, state: State): boolean => !isTiny(recording) || wrongNames(state).length === 0;

/** Tries each variant of the parts that a result depends on, at each set of steps. */
export async function searchEndToEnd(inquiry: Inquiry, state: State, name: string, limits: Limits): Promise<Search> {
  const { engine, recording, right, precision } = inquiry;
  if (!isQuick(recording)) return { candidates: [], incomplete: TOO_LARGE };
  const parts = partsBefore(name);
  const tries = catalogue.flatMap((variant) =>
    variant.part !== "optimizer" && parts.includes(variant.part)
      ? stepSetsOf(variant, right, isTiny(recording)).map((taps, i) => ({ variant, taps, i }))
      : [],
  );
  const ordered = tries.toSorted((a, b) => a.i - b.i); // first the variants in the whole network
  const scout = isTiny(recording) || limits.scout === null ? engine : await limits.scout();
  const promising = name.startsWith("after/") ? (): Promise<boolean> => Promise.resolve(true) : await promisingTest(scout, inquiry, name);

  const candidates: Candidate[] = [];
  try {
    for (const [i, { variant, taps }] of ordered.entries()) {
      if (limits.expired()) return { candidates, incomplete: CUT_OFF };
      limits.trying(`${i + 1} of ${ordered.length} variants of the network, ${variant.name}`);
      const hypothesis = supposing(recording, right, right, variant, taps);
      if (hypothesis === null || !(await promising(hypothesis))) continue;
      const prediction = predict(engine, recording, hypothesis);
      const next = (await match(recording, prediction, name, "f64")).ok ? await stateUnder(recording, state, prediction, precision) : null;
      if (next !== null && explainsAll(recording, next) && isDistinguished(inquiry, next, { variant, taps }))
        candidates.push({ placed: [{ variant, taps }], state: next });
    }
    return { candidates, incomplete: null };
  } finally {
    if (scout !== engine) scout.close();
  }
}
