/**
 * Times libraries in turns, each in its own process, since they hold threads and memory:
 *
 *   load all · compare what they compute · round 1: each once · round 2: each once, in the other order · …
 *
 * A ratio compares two times of the same round, so that changes of clock speed and load cancel.
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
  /** The reason if it cannot be timed here. */
  readonly found: Timing | string;
}

export interface Timing {
  /** Packages and versions. */
  readonly version: string;
  /** CPU time on one thread, wall-clock time on several, as in `deit bench`. */
  readonly ms: Spread;
  /** The ratio to the first library on as many threads: the median over rounds, and that of the two minima, which load disturbs least. */
  readonly ratio: number;
  readonly ratioOfMin: number;
  /** CPU time over wall-clock time: how many cores were at work. */
  readonly cores: number;
  readonly deviation: Deviation;
}

export interface Settings {
  /** The others are compared with the first. */
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
  /** One time per round. */
  readonly samples: Sample[];
}

/** In ms. The threads of some libraries keep spinning for a while after a run. */
const QUIET = 100;
/** Training has this many times fewer rounds, because a step takes so much longer. */
const LONGER = 3;
/** Enough runs for WebAssembly's optimising compiler to finish. */
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
 * The error of each library: in a forward pass against the reference engine's logits, in training against the first library.
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
  const warmRuns = what === "forward" ? WARM_RUNS : 0; // a training step is long, and has already run four times
  for (const { contender } of all) for (let i = 0; i < warmRuns; i++) await ask(contender, "run");
  for (let round = 0; round < rounds; round++)
    for (const { contender, samples } of round % 2 === 0 ? all : all.toReversed()) {
      showForNow(`${what}: round ${round + 1} of ${rounds}, ${nameOf(contender)}`);
      await pause(QUIET);
      if (what === "forward") await ask(contender, "run"); // refills the caches after another library's run
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
