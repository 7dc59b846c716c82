/**
 * Libraries in turn, each in a process of its own, since they hold threads and memory:
 *
 *   load all · compare what they compute · round 1: each once · round 2: each once, in the other order · …
 *
 * A ratio is of two times of one round, so that clock, neighbours and host fall out.
 */
import { setTimeout as pause } from "node:timers/promises";
import { largestDeviation, type Deviation } from "./agreement.ts";
import type { What } from "./child.ts";
import { median, showForNow, spreadOf, type Spread } from "./deit.ts";
import type { Results } from "./library.ts";
import { ask, start, stop, type Contender } from "./process.ts";
import { referenceLogits } from "./reference.ts";

export interface Row {
  readonly library: string;
  readonly threads: number;
  /** Text: why it cannot be timed here. */
  readonly found: Timing | string;
}

export interface Timing {
  /** Packages and versions. */
  readonly version: string;
  /** Processor time on one thread, time on the clock on several, as `deit bench` has it. */
  readonly ms: Spread;
  /** To the first library on as many threads: of times of one round, and of both minima, which others on the machine disturb least. */
  readonly ratio: number;
  readonly ratioOfMin: number;
  /** Processor time over time on the clock: how many cores were at work. */
  readonly cores: number;
  readonly deviation: Deviation;
}

export interface Settings {
  /** The first is what others are compared with. */
  readonly libraries: readonly string[];
  readonly threads: readonly number[];
  readonly rounds: number;
}

interface Sample {
  readonly wall: number;
  readonly processor: number;
}

interface Timed {
  readonly contender: Contender;
  readonly deviation: Deviation;
  /** One a round. */
  readonly samples: Sample[];
}

/** In ms: threads of some libraries wait actively for a while after a run. */
const QUIET = 100;
/** A training step takes so much longer that there are so many times fewer rounds. */
const LONGER = 3;
/** Until WebAssembly's optimising compiler is done with all that runs. */
const WARM_RUNS = 12;

const nameOf = ({ library, threads }: Pick<Row, "library" | "threads">): string =>
  `${library} on ${threads} thread${threads === 1 ? "" : "s"}`;

/** Adds those that load, one by one so that they can be stopped if a later one fails, and returns a row for each that cannot be timed here. */
async function load(what: What, { libraries, threads }: Settings, contenders: Contender[]): Promise<readonly Row[]> {
  const absent: Row[] = [];
  for (const count of threads)
    for (const library of libraries) {
      showForNow(`${what}: loading ${nameOf({ library, threads: count })}`);
      const started = await start(library, what, count);
      if (typeof started === "string") absent.push({ library, threads: count, found: started });
      else contenders.push(started);
    }
  return absent;
}

/**
 * How far each is off what is expected: in a forward pass the reference engine's logits, in training what the first library says.
 *
 * @throws Error naming all that disagree
 */
async function compared(what: What, contenders: readonly Contender[]): Promise<readonly Timed[]> {
  let expected: Results | null = what === "forward" ? await referenceLogits() : null;
  const all: Timed[] = [];
  for (const contender of contenders) {
    showForNow(`${what}: comparing ${nameOf(contender)}`);
    const { results } = await ask(contender, "results");
    expected ??= results;
    all.push({ contender, deviation: largestDeviation(results, expected), samples: [] });
  }
  const off = all.filter(({ deviation }) => !deviation.agrees);
  const lines = off.map(({ contender, deviation: { name, share, bound } }) => `${nameOf(contender)}: ${name} ${share}, bound ${bound}`);
  if (off.length > 0) throw new Error(`${what}: these disagree by so much of the scale, and nothing is timed\n${lines.join("\n")}`);
  return all;
}

async function sample(what: What, all: readonly Timed[], rounds: number): Promise<void> {
  const warmRuns = what === "forward" ? WARM_RUNS : 0; // a training step is long, and was made four times
  for (const { contender } of all) for (let i = 0; i < warmRuns; i++) await ask(contender, "run");
  for (let round = 0; round < rounds; round++)
    for (const { contender, samples } of round % 2 === 0 ? all : all.toReversed()) {
      showForNow(`${what}: round ${round + 1} of ${rounds}, ${nameOf(contender)}`);
      await pause(QUIET);
      if (what === "forward") await ask(contender, "run"); // the caches were another's
      samples.push(await ask(contender, "run"));
    }
}

function rowOf({ contender: { library, threads, version }, deviation, samples }: Timed, ours: readonly Sample[]): Row {
  const time = ({ wall, processor }: Sample): number => (threads === 1 ? processor : wall);
  const [times, own] = [samples.map(time), ours.map(time)];
  const [ms, ownMs] = [spreadOf(times), spreadOf(own)];
  const ratio = median(times.map((other, round) => other / (own[round] ?? NaN)));
  const cores = median(samples.map(({ wall, processor }) => processor / wall));
  return { library, threads, found: { version, ms, ratio, ratioOfMin: ms.min / ownMs.min, cores, deviation } };
}

/** @throws Error where a library fails or disagrees */
export async function bench(what: What, settings: Settings): Promise<readonly Row[]> {
  const contenders: Contender[] = [];
  try {
    const absent = await load(what, settings, contenders);
    const all = await compared(what, contenders);
    await sample(what, all, what === "forward" ? settings.rounds : Math.ceil(settings.rounds / LONGER));
    const [first] = settings.libraries;
    const ours = (threads: number): readonly Sample[] =>
      all.find(({ contender }) => contender.library === first && contender.threads === threads)?.samples ?? [];
    return [...all.map((timed) => rowOf(timed, ours(timed.contender.threads))), ...absent];
  } finally {
    for (const contender of contenders) stop(contender);
    showForNow("");
  }
}
