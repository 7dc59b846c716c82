/**
 * Where the tensors before the first wrong one are not in the file, the wrong step may be any of those that lead there. So each variant is tried in the
 * whole network: in all blocks and in each alone, and there at all kinds of steps that it fits and at some of them.
 */
import type { Leaves } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { isDecided, type Candidate, type Inquiry } from "./candidates.ts";
import type { Limits } from "./explain.ts";
import { supposing, unitsOf, type Hypothesis } from "./hypothesis.ts";
import { judge } from "./judge.ts";
import { isForward, tapName } from "./readings.ts";
import { isQuick, isTiny } from "./run.ts";
import { match, seenUnder, type State } from "./seen.ts";
import { blockOf, kindOf } from "./steps.ts";
import { under } from "./under.ts";
import { catalogue } from "./variants/catalogue.ts";
import type { StepVariant, Variant } from "./variants/variant.ts";
import { computeUnder } from "./whole.ts";

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

/** Sets of steps that a variant may be at; the whole network first. */
function placesOf(variant: StepVariant, right: Hypothesis): readonly ReadonlySet<string>[] {
  const units = unitsOf(variant, right);
  const blocks = [...new Set(units.map(blockOfUnit))].filter((block) => block !== "");
  const regions = [units, ...blocks.map((block) => units.filter((unit) => blockOfUnit(unit) === block))];
  const places = regions.flatMap((region) =>
    subsets([...new Set(region.map(kindsOf))]).map((kinds) => region.filter((unit) => kinds.includes(kindsOf(unit))).flat()),
  );
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

/** What a look ahead finds to be off by less is looked at closely: an engine of f32 rounds. */
const PROMISING = 1e-3;

/** Looks ahead on one engine, with what the right network makes before the change. */
async function scouting(engine: Engine, { recording, right }: Inquiry, name: string): Promise<(hypothesis: Hypothesis) => Promise<number>> {
  const taps = right.steps.flatMap(({ tap }) => (tap === "loss" ? [] : [tap]));
  const values = await computeUnder(engine, recording, right.steps, taps.map(tapName));
  const made: Leaves = new Map([...values].map(([tap, array]) => [tap.slice("taps/".length), array]));
  return async (hypothesis) => {
    const same = untouched(hypothesis, right);
    const known = new Map([...made].flatMap(([tap, array]) => (same.has(tap) ? [[tap, array] as const] : [])));
    const value = (await computeUnder(engine, recording, hypothesis.steps, [name], { taps: known })).get(name);
    return value === undefined ? Infinity : judge(recording, name, value, engine.precision).error;
  };
}

/** Candidates, and whether time was up before all were tried. */
export interface Search {
  readonly candidates: readonly Candidate[];
  readonly cut: boolean;
}

/** Each variant of the parts that lead to a result, in each network that has it. */
export async function searchWhole(inquiry: Inquiry, state: State, name: string, limits: Limits): Promise<Search> {
  const { engine, recording, right, precision } = inquiry;
  if (!isQuick(recording)) return { candidates: [], cut: false };
  const parts = partsBefore(name);
  const tries = catalogue.flatMap((variant) =>
    variant.part !== "optimizer" && parts.includes(variant.part)
      ? placesOf(variant, right)
          .map((taps, i) => ({ variant, taps, i }))
          .filter((placed) => isDecided(placed, recording))
      : [],
  );
  const ordered = tries.toSorted((a, b) => a.i - b.i); // what is wrong everywhere first
  const scout = isTiny(recording) || limits.scout === null ? engine : await limits.scout();
  const errorOf = name.startsWith("after/") ? (): Promise<number> => Promise.resolve(0) : await scouting(scout, inquiry, name);

  const candidates: Candidate[] = [];
  for (const [i, { variant, taps }] of ordered.entries()) {
    if (limits.expired()) return { candidates, cut: true };
    limits.trying(`${i + 1} of ${ordered.length} variants of the network, ${variant.name}`);
    const hypothesis = supposing(recording, right, right, variant, taps);
    if (hypothesis === null || (await errorOf(hypothesis)) > PROMISING) continue;
    const with_ = under(engine, recording, hypothesis);
    const next = (await match(recording, with_, name, "f64")).ok ? await seenUnder(recording, state, with_, precision) : null;
    if (next !== null) candidates.push({ placed: [{ variant, taps }], state: next });
  }
  return { candidates, cut: false };
}
