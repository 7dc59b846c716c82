/**
 * Where the tensors before the first wrong one are not in the file, the wrong step may be any of those that lead there. So each variant is tried in the
 * whole network: in all blocks and in each alone, and there at all kinds of steps that it fits and at some of them.
 */
import type { HostArray, Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import { parameterShapes } from "../../model/params.ts";
import { weightOf } from "../steps/build.ts";
import { isDecided, type Candidate, type Inquiry } from "./candidates.ts";
import type { Limits } from "./explained.ts";
import { supposing, unitsOf, type Hypothesis } from "../steps/hypothesis.ts";
import { judge } from "../judge.ts";
import type { Recording } from "../format/read.ts";
import { isForward, tapName } from "../steps/readings.ts";
import { isQuick, isTiny } from "../steps/run.ts";
import { match, seenUnder, wrongNames, type State } from "./seen.ts";
import { blockOf, kindOf } from "../steps/steps.ts";
import { under } from "../steps/under.ts";
import { catalogue } from "../variants/catalogue.ts";
import type { StepVariant, Variant } from "../variants/variant.ts";
import { computeUnder } from "../steps/whole.ts";

/** The parts of a training step that lie before a result. */
function partsBefore(name: string): readonly Variant["part"][] {
  if (name === "loss") return ["forward", "loss"];
  return isForward(name) ? ["forward"] : ["forward", "loss", "backward"];
}

/** Up to so many kinds of steps all sets of them are tried; of more, all together and each alone. */
const ALL_SETS = 3;

/** Subsets but the empty one; the whole first. */
function subsets<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length > ALL_SETS) return [all, ...all.map((one) => [one])];
  return Array.from({ length: 2 ** all.length - 1 }, (_, i) => all.filter((__, bit) => ((i >> bit) & 1) === 0));
}

type Unit = readonly string[];
const blockOfUnit = (unit: Unit): string => blockOf(unit[0] ?? "");
const kindsOf = (unit: Unit): string => unit.map(kindOf).join();

/** Sets of steps that a variant may be at; the whole network first. Of a large one not all kinds of steps are tried in each block. */
function placesOf(variant: StepVariant, right: Hypothesis, tiny: boolean): readonly ReadonlySet<string>[] {
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

/** Taps that no change at these steps reaches. */
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

/** A look ahead must be off by less than this share of what the right network is off by, and by less than PROMISING: an engine of f32 rounds. */
const SHARE = 1 / 4;
const PROMISING = 1e-3;

/** Looks ahead on one engine, with what the right network makes before the change: whether a hypothesis comes near the recorded values. */
async function scouting(
  engine: Engine,
  { recording, right }: Inquiry,
  name: string,
): Promise<(hypothesis: Hypothesis) => Promise<boolean>> {
  const shapes = parameterShapes(recording.configuration.model);
  const weights: Leaves = new Map([...shapes].map(([parameter, shape]) => [parameter, weightOf(recording, parameter, shape)]));
  const taps = right.steps.flatMap(({ tap }) => (tap === "loss" ? [] : [tapName(tap)]));
  const values = await computeUnder(engine, recording, right.steps, [...taps, name], { weights });
  const made: Leaves = new Map([...values].map(([tap, array]) => [tap.slice("taps/".length), array]));
  const errorOf = (value: HostArray | undefined): number =>
    value === undefined ? Infinity : judge(recording, name, value, engine.precision).error;
  const most = engine.precision === "f64" ? PROMISING : Math.min(PROMISING, SHARE * errorOf(values.get(name)));
  return async (hypothesis) => {
    const same = untouched(hypothesis, right);
    const known: Leaves = new Map([...made].filter(([tap]) => same.has(tap)));
    return errorOf((await computeUnder(engine, recording, hypothesis.steps, [name], { taps: known, weights })).get(name)) <= most;
  };
}

/** Why nothing is claimed of a search that did not try everything. */
export const CUT_OFF = "the search for an explanation was cut off when its time was up; --minutes gives it more";
const TOO_LARGE =
  "the network is too large to be tried from the images on with each variant: with the taps before it in the file, this step could be explained";

export interface Search {
  readonly candidates: readonly Candidate[];
  /** Why not everything was tried; null: everything was. */
  readonly incomplete: string | null;
}

/**
 * Whether nothing is wrong any more: from the images on, what is still wrong may come of another error that also makes what was explained. Of a large
 * network not everything is computed again.
 */
const explainsAll = (recording: Recording, state: State): boolean => !isTiny(recording) || wrongNames(state).length === 0;

/** Each variant of the parts that lead to a result, in each network that has it. */
export async function searchWhole(inquiry: Inquiry, state: State, name: string, limits: Limits): Promise<Search> {
  const { engine, recording, right, precision } = inquiry;
  if (!isQuick(recording)) return { candidates: [], incomplete: TOO_LARGE };
  const parts = partsBefore(name);
  const tries = catalogue.flatMap((variant) =>
    variant.part !== "optimizer" && parts.includes(variant.part)
      ? placesOf(variant, right, isTiny(recording)).map((taps, i) => ({ variant, taps, i }))
      : [],
  );
  const ordered = tries.toSorted((a, b) => a.i - b.i); // what is wrong everywhere first
  const scout = isTiny(recording) || limits.scout === null ? engine : await limits.scout();
  const promising = name.startsWith("after/") ? (): Promise<boolean> => Promise.resolve(true) : await scouting(scout, inquiry, name);

  const candidates: Candidate[] = [];
  try {
    for (const [i, { variant, taps }] of ordered.entries()) {
      if (limits.expired()) return { candidates, incomplete: CUT_OFF };
      limits.trying(`${i + 1} of ${ordered.length} variants of the network, ${variant.name}`);
      const hypothesis = supposing(recording, right, right, variant, taps);
      if (hypothesis === null || !(await promising(hypothesis))) continue;
      const supposed = under(engine, recording, hypothesis);
      const next = (await match(recording, supposed, name, "f64")).ok ? await seenUnder(recording, state, supposed, precision) : null;
      if (next !== null && explainsAll(recording, next) && isDecided(inquiry, next, { variant, taps }))
        candidates.push({ placed: [{ variant, taps }], state: next });
    }
    return { candidates, incomplete: null };
  } finally {
    if (scout !== engine) scout.close();
  }
}
