/** Runs the steps of a comparison, several at a time, and stops them all by one signal or after a time, after which the same command continues. */
import { availableParallelism } from "node:os";
import type { ResultsOf } from "../../experiments/result.ts";
import { childCommands, inParallel, INTERRUPTED, type Children } from "../processes/children.ts";
import { thisCommand } from "../processes/commandLine.ts";
import { engineArguments, type EngineOptions } from "../options.ts";
import { messageOf, say } from "../output.ts";
import { workOf, type Asked, type Job } from "./jobs.ts";
import { keepResult, keptResult } from "./kept.ts";

const MINUTE_MS = 60_000;

/** How the runs are carried out; no result depends on it. */
export interface HowToRun {
  /** The engine, and further options of `deit train`. */
  readonly options: readonly string[];
  /** How many at a time. */
  readonly atOnce: number;
  /** After how many minutes all are stopped; Infinity: never. */
  readonly minutes: number;
}

/** As many at a time as there are cores, until all are done. */
export const untilDone = (options: EngineOptions): HowToRun => ({
  options: engineArguments(options),
  atOnce: availableParallelism(),
  minutes: Infinity,
});

/** Runs the command line of one job; null: it was stopped. What is done is not repeated. */
async function resultOf(job: Job, asked: Asked, { options }: HowToRun, { run, stopped }: Children): Promise<unknown> {
  const { path } = job;
  if (stopped()) return null;
  const { command, origin } = workOf(asked, job, options);
  const kept = keptResult(path, origin);
  if (kept !== null) return kept;
  say(`${path}: started`);
  const out = await run(command).catch((error: unknown) => {
    throw new Error(`${path}: ${messageOf(error).replace(/^deit \w+: /, "")}; once that is fixed, ${thisCommand()} continues`);
  });
  if (out === null) return null;
  const result: unknown = JSON.parse(out);
  await keepResult(path, origin, result);
  say(`${path}: done`);
  return result;
}

/**
 * Runs the jobs, or continues them. Returns the results of each step, by seed; null: they were stopped, which has been said, and is the exit status.
 *
 * @throws Error that names the run that failed, and how to continue
 */
export async function resultsOfSteps(jobs: readonly (readonly Job[])[], asked: Asked, how: HowToRun): Promise<ResultsOf | null> {
  const children = childCommands();
  const stop = (): void => {
    say("\nstopping: the runs save their state");
    children.stop();
  };
  const { atOnce, minutes } = how;
  const timer = minutes === Infinity ? null : setTimeout(stop, minutes * MINUTE_MS);
  process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
  try {
    const result = async (job: Job): Promise<unknown> => {
      const found = await resultOf(job, asked, how, children);
      if (found === null) children.stop();
      return found;
    };
    const results = new Map<Job, unknown>();
    for (const round of jobs)
      for (const [job, found] of await inParallel(round, result, { atOnce, stop: children.stop }))
        if (found !== null) results.set(job, found);
    const all = jobs.flat();
    if (results.size < all.length) {
      process.exitCode = INTERRUPTED;
      say(`the runs are saved in ${asked.root}; ${thisCommand()} continues them`);
      return null;
    }
    return (name) => all.filter(({ step }) => step.name === name).map((job) => results.get(job));
  } finally {
    if (timer !== null) clearTimeout(timer);
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  }
}
