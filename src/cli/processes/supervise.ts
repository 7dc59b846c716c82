/**
 * Runs a command in a supervised child process, since a GPU's driver can crash the process. A run that has reported its folder is restarted
 * from its last checkpoint, with bitwise identical results; for any other command one line says what happened.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launchOf, passedOn } from "../../ranks/launch.ts";
import { countFailures, MAX_WITHOUT_PROGRESS, type Position } from "../../train/run/failures.ts";
import { say } from "../output.ts";
import type { Environment } from "./probe.ts";

/** What the process reports. */
export type ChildEvent =
  /** The folder of a run, which exists or will exist: `--resume` continues it. */
  | { readonly run: string }
  /** After a device loss: how much work command buffers hold from now on. */
  | { readonly submitWork: number }
  /** A step of the run is done. */
  | Position;

/** Sends an event to the supervisor. */
export type Notify = (event: ChildEvent) => void;

/** The exit status of a process whose device was lost: EX_TEMPFAIL of sysexits.h, which means to try again. */
export const LOST = 75;
const FAILED = 2;
/** Time for a driver to recover, in ms, for each failure without progress. */
const PAUSE_MS = 1000;
/** Larger statuses are those of crashes on Windows. */
const LARGEST_STATUS = 255;
/** A process that a signal ended has this status plus the signal's number. */
const SIGNALLED = 128;

const PROGRAM = fileURLToPath(new URL("supervised.js", import.meta.url));
const STDIO = ["inherit", "inherit", "inherit", "ipc"] as const;
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface End {
  readonly status: number;
  /** How the process crashed; null: it ended normally. */
  readonly crash: string | null;
}

/** How a process with this exit status crashed; null: it did not. */
function crashOf(status: number): string | null {
  if (status === LOST) return "its device was lost";
  return status > LARGEST_STATUS ? `its process ended with ${status}` : null;
}

/** Runs the process once. It is in a separate process group, so that signals reach it only once, from here. */
async function runOnce(program: string, args: readonly string[], variables: Environment, onEvent: Notify): Promise<End> {
  const launch = passedOn(process.env, STDIO.length);
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
    stdio: [...STDIO, ...launch.descriptors],
    env: { ...process.env, ...variables, ...launch.variables },
    detached: true,
  });
  child.on("message", onEvent);
  let signalled = false;
  const forward = (signal: NodeJS.Signals): void => {
    signalled = true;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    await Promise.all([once(child, "exit"), once(child, "disconnect")]); // the latter comes after the last event
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
  const { exitCode, signalCode } = child;
  if (signalCode === null) return { status: exitCode ?? FAILED, crash: crashOf(exitCode ?? FAILED) };
  return { status: SIGNALLED + constants.signals[signalCode], crash: signalled ? null : `its process was ended by ${signalCode}` };
}

/** Commands that take `--engine webgpu` and use no device: `compare` starts a command line for each run, and `explain` only plans. */
const UNSUPERVISED: readonly string[] = ["compare", "explain"];

/** Whether a command line is supervised. */
export const needsSupervision = (args: readonly string[]): boolean =>
  !UNSUPERVISED.includes(args[0] ?? "") &&
  !args.includes("--help") &&
  args.some((arg, i) => arg === "--engine=webgpu" || (arg === "webgpu" && args[i - 1] === "--engine"));

/** The arguments of the next attempt: with `--resume` if there is a run to resume, and with the command buffers that the last attempt came to. */
function argsToRetry(args: readonly string[], run: string | null, submitWork: number | null): readonly string[] {
  const resuming = run !== null && existsSync(run) && !args.includes("--resume") ? [...args, "--resume"] : args;
  return submitWork === null ? resuming : [...resuming, "--submit-work", `${submitWork}`]; // of an option given twice, the last counts
}

/**
 * Runs a command line, in a new process after each crash. Returns the exit status.
 *
 * @param variables environment variables of each process
 * @param program the program that is started with these arguments
 */
export async function supervise(args: readonly string[], variables: Environment, program: string = PROGRAM): Promise<number> {
  const failures = countFailures();
  const isRank = launchOf(process.env) !== null;
  let run: string | null = null;
  let submitWork: number | null = null;
  const onEvent: Notify = (event) => {
    if ("run" in event) ({ run } = event);
    else if ("submitWork" in event) ({ submitWork } = event);
    else failures.reached(event);
  };
  for (let attempt = args; ; attempt = argsToRetry(args, run, submitWork)) {
    const { status, crash } = await runOnce(program, attempt, variables, onEvent);
    if (crash === null) return status;
    if (isRank) {
      say(`deit ${args[0]}: ${crash}; --resume continues`); // a new process could not join the other ranks
      return FAILED;
    }
    const withoutProgress = failures.failed();
    if (run === null || withoutProgress >= MAX_WITHOUT_PROGRESS) {
      say(`deit ${args[0]}: ${crash}${run === null ? "" : `, ${withoutProgress} times without a step of progress; --resume tries again`}`);
      return FAILED;
    }
    say(`deit ${args[0]}: ${crash}; it continues from its last checkpoint`);
    await sleep(PAUSE_MS * (withoutProgress - 1));
  }
}
