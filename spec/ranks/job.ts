/** `deit` on several ranks in its built form, as a user starts it, and single ranks that get signals. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CLI } from "../cli/deit.ts";
import type { Mpirun } from "./mpi.ts";

/** How a job ended. */
export interface Ended {
  readonly status: number | null;
  /** What the launcher and the ranks have printed. */
  readonly text: string;
}

/** A job that runs. */
export interface Running {
  /** The launcher. */
  readonly launcher: ChildProcess;
  /** The number of a rank's process. @throws Error if there is none (Linux only) */
  readonly pidOf: (rank: number) => number;
  readonly ended: Promise<Ended>;
}

/** What a launcher tells a process of its rank. */
const RANK = /(?:^|\0)(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=(\d+)(?:\0|$)/;

const fileOf = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return ""; // it has ended
  }
};

/** The processes that a process has started, and those that these have started. */
function descendants(pid: number): readonly number[] {
  const children = fileOf(pid, `task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Starts `deit` on so many ranks. */
export function startDeit({ command, args }: Mpirun, count: number, line: readonly string[]): Running {
  const launcher = spawn(command, [...args, "-n", `${count}`, process.execPath, CLI, ...line], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [launcher.stdout, launcher.stderr]) stream.setEncoding("utf8").on("data", (part: string) => void (text += part));
  const ended = new Promise<Ended>((resolve, reject) => {
    launcher.once("error", reject);
    launcher.once("close", (status) => resolve({ status, text }));
  });
  const pidOf = (rank: number): number => {
    const ofRank = (pid: number): boolean => Number(RANK.exec(fileOf(pid, "environ"))?.[1] ?? NaN) === rank;
    const found = descendants(launcher.pid ?? 0).find((pid) => fileOf(pid, "cmdline").includes(CLI) && ofRank(pid));
    if (found === undefined) throw new Error(`rank ${rank} has no process`);
    return found;
  };
  return { launcher, pidOf, ended };
}

/** Runs `deit` on so many ranks. */
export const deitOn = (mpirun: Mpirun, count: number, line: readonly string[]): Promise<Ended> => startDeit(mpirun, count, line).ended;

/** Waits until a folder has a file or folder whose name matches. @throws Error if the job ends before */
export async function hasAppeared(folder: string, name: RegExp, { launcher }: Running): Promise<void> {
  while (!(existsSync(folder) && readdirSync(folder).some((one) => name.test(one)))) {
    if (launcher.exitCode !== null) throw new Error(`the job ended with ${launcher.exitCode} before there was ${name.source} in ${folder}`);
    await sleep(5);
  }
}
