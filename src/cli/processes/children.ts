/** Command lines of this program as processes of their own, as many at a time as there are cores. They can be stopped together, and then save. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";

/** The exit status of a program that SIGINT has ended. */
export const INTERRUPTED = 130;

export interface Children {
  /** What the command printed; null: it was stopped. @throws Error with its last message if it failed */
  readonly run: (args: readonly string[]) => Promise<string | null>;
  /** Stops all that run, which save by themselves; nothing is begun any more. */
  readonly stop: () => void;
  readonly stopped: () => boolean;
}

export function childCommands(): Children {
  const running = new Set<ChildProcess>();
  let stopped = false;
  const run: Children["run"] = async (args) => {
    if (stopped) return null;
    // in a group of its own, so that Ctrl-C reaches it once: from here
    const child = spawn(process.execPath, [process.argv[1] ?? "", ...args], { stdio: ["ignore", "pipe", "pipe"], detached: true });
    running.add(child);
    try {
      const [out, messages, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
      if (status === INTERRUPTED || (stopped && status !== 0)) return null;
      if (status !== 0) throw new Error(messages.trim().split("\n").at(-1) ?? `ended with ${status ?? child.signalCode}`);
      return out;
    } finally {
      running.delete(child);
    }
  };
  const stop = (): void => {
    if (stopped) return; // a second signal would end a run that is still saving
    stopped = true;
    for (const child of running) child.kill("SIGINT");
  };
  return { run, stop, stopped: () => stopped };
}

/** All jobs, as many at a time as there are cores; null for one that is not done. Where one fails, `stop` is called, and its error thrown once all have ended. */
export async function inParallel<T, R>(
  jobs: readonly T[],
  run: (job: T) => Promise<R | null>,
  stop: () => void,
): Promise<readonly (readonly [T, R | null])[]> {
  const queue = jobs.values();
  const done: (readonly [T, R | null])[] = [];
  const work = async (): Promise<void> => {
    try {
      for (const job of queue) done.push([job, await run(job)]);
    } catch (error) {
      stop();
      throw error;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, work));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  return done;
}
