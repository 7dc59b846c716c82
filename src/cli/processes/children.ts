/** Runs command lines of this program in child processes, several at a time. All can be stopped at once, and save before they end. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** The exit status of a program that SIGINT ended. */
export const INTERRUPTED = 130;

/** Its output comes here; by the channel it learns when this process ends (parent.ts). */
const STDIO = ["ignore", "pipe", "pipe", "ipc"] as const;

/** The processes that a command starts. */
export interface Children {
  /** Runs a command line and returns what it printed; null: it was stopped. @throws Error with its last message if it failed */
  readonly run: (args: readonly string[]) => Promise<string | null>;
  /** Stops all processes, which save before they end; no other is started afterwards. */
  readonly stop: () => void;
  readonly stopped: () => boolean;
}

export function childCommands(): Children {
  const running = new Set<ChildProcess>();
  let stopped = false;
  const run: Children["run"] = async (args) => {
    if (stopped) return null;
    // in a separate process group, so that Ctrl-C reaches it only once, from here
    const child = spawn(process.execPath, [process.argv[1] ?? "", ...args], { stdio: [...STDIO], detached: true });
    if (child.stdout === null || child.stderr === null) throw new Error("a process without output");
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

/**
 * Runs all jobs, at most `atOnce` at a time. The result is null for a job that was stopped. If a job fails, `stop` is called, and its error is
 * thrown once all jobs have ended.
 */
export async function inParallel<T, R>(
  jobs: readonly T[],
  run: (job: T) => Promise<R | null>,
  { atOnce, stop }: { readonly atOnce: number; readonly stop: () => void },
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
  const workers = await Promise.allSettled(Array.from({ length: Math.min(jobs.length, atOnce) }, work));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  return done;
}
