/** Runs the runs of several arms, several at a time, and stops them all by one signal or after a time, after which the same command continues. */
import { availableParallelism } from "node:os";
import type { RunResult } from "../../train/run/run.ts";
import type { ResultsOf } from "../../experiments/result.ts";
import { childCommands, inParallel, INTERRUPTED, type Children } from "../processes/children.ts";
import { thisCommand } from "../processes/commandLine.ts";
import { engineArguments, type EngineOptions } from "../options.ts";
import { messageOf, percent, say } from "../output.ts";
import { trainArguments, type Asked, type Job } from "./jobs.ts";

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

/** Runs `deit train` for one job; null: it was stopped. */
async function resultOf(job: Job, asked: Asked, { options }: HowToRun, { run: train, stopped }: Children): Promise<RunResult | null> {
  const { directory } = job;
  if (stopped()) return null;
  say(`${directory}: started`);
  const out = await train([...trainArguments(asked, job), ...options, "--json"]).catch((error: unknown) => {
    throw new Error(`${directory}: ${messageOf(error).replace(/^deit train: /, "")}; once that is fixed, ${thisCommand()} continues`);
  });
  if (out === null) return null;
  const result: RunResult = JSON.parse(out);
  say(`${directory}: top-1 ${percent(result.student.mean.top1)}`);
  return result;
}

/** The jobs that need no others, and then those that take a teacher from one of them. */
const inOrder = (jobs: readonly Job[]): readonly (readonly Job[])[] => [
  jobs.filter(({ arm }) => arm.teacherOf === null),
  jobs.filter(({ arm }) => arm.teacherOf !== null),
];

/**
 * Runs the jobs, or continues them. Returns the results of each arm, by seed; null: they were stopped, which has been said, and is the exit status.
 *
 * @throws Error that names the run that failed, and how to continue
 */
export async function resultsOfArms(jobs: readonly Job[], asked: Asked, how: HowToRun): Promise<ResultsOf | null> {
  const children = childCommands();
  const stop = (): void => {
    say("\nstopping: the runs save their state");
    children.stop();
  };
  const { atOnce, minutes } = how;
  const timer = minutes === Infinity ? null : setTimeout(stop, minutes * MINUTE_MS);
  process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
  try {
    const result = async (job: Job): Promise<RunResult | null> => {
      const found = await resultOf(job, asked, how, children);
      if (found === null) children.stop();
      return found;
    };
    const results = new Map<Job, RunResult>();
    for (const some of inOrder(jobs))
      for (const [job, found] of await inParallel(some, result, { atOnce, stop: children.stop }))
        if (found !== null) results.set(job, found);
    if (results.size < jobs.length) {
      process.exitCode = INTERRUPTED;
      say(`the runs are saved in ${asked.root}; ${thisCommand()} continues them`);
      return null;
    }
    return (name) => jobs.flatMap((job) => (job.arm.name === name ? (results.get(job) ?? []) : []));
  } finally {
    if (timer !== null) clearTimeout(timer);
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  }
}
