/**
 * A command in a process of its own, watched: a GPU's driver can take its process with it. A run that has told of its folder is started
 * again from its last checkpoint, to the same bits; of any other command one line is left.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { countFailures, MAX_WITHOUT_PROGRESS, type Position } from "../../train/run/failures.ts";
import { say } from "../output.ts";
import type { Environment } from "./probe.ts";

/** What the process tells of itself. */
export type ChildEvent =
  /** The folder of a run, which is there or will be: `--resume` goes on with it. */
  | { readonly run: string }
  /** A step of it is done. */
  | Position;

export type Notify = (told: ChildEvent) => void;

/** The exit status of a process whose device is lost: EX_TEMPFAIL of sysexits.h, try again. */
export const LOST = 75;
const FAILED = 2;
/** For a driver that starts again, in ms; longer the oftener it fails. */
const PAUSE = 1000;
/** Statuses above are those of Windows for crashes. */
const LARGEST_STATUS = 255;
/** The status of what a signal has ended is this and its number. */
const SIGNALLED = 128;

const PROGRAM = fileURLToPath(new URL("supervised.js", import.meta.url));
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface End {
  readonly status: number;
  /** By what the process fell; null: it came to its end. */
  readonly fallen: string | null;
}

/** What to say of a process that ended with this status; null: nothing out of the ordinary. */
function fallBy(status: number): string | null {
  if (status === LOST) return "its device was lost";
  return status > LARGEST_STATUS ? `its process ended with ${status}` : null;
}

/** One life of the process. It is in a group of its own, so that signals reach it once: from here. */
async function life(program: string, args: readonly string[], variables: Environment, onTold: Notify): Promise<End> {
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...variables },
    detached: true,
  });
  child.on("message", onTold);
  let asked = false;
  const forward = (signal: NodeJS.Signals): void => {
    asked = true;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    await Promise.all([once(child, "exit"), once(child, "disconnect")]); // the latter comes after all that was told
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
  const { exitCode, signalCode } = child;
  if (signalCode === null) return { status: exitCode ?? FAILED, fallen: fallBy(exitCode ?? FAILED) };
  return { status: SIGNALLED + constants.signals[signalCode], fallen: asked ? null : `its process was ended by ${signalCode}` };
}

/** Whether a command line is one to supervise. The runs of a comparison are command lines of their own. */
export const needsSupervision = (args: readonly string[]): boolean =>
  args[0] !== "compare" &&
  !args.includes("--help") &&
  args.some((arg, i) => arg === "--engine=webgpu" || (arg === "webgpu" && args[i - 1] === "--engine"));

/** With `--resume` where there is a run to resume. */
const again = (args: readonly string[], run: string | null): readonly string[] =>
  run !== null && existsSync(run) && !args.includes("--resume") ? [...args, "--resume"] : args;

/**
 * Runs a command line in as many processes as it takes; the exit status.
 *
 * @param variables with which each of them starts
 * @param program what is started, with these arguments
 */
export async function supervise(args: readonly string[], variables: Environment, program: string = PROGRAM): Promise<number> {
  const failures = countFailures();
  let run: string | null = null;
  const onTold: Notify = (told) => {
    if ("run" in told) ({ run } = told);
    else failures.reached(told);
  };
  for (let now = args; ; now = again(args, run)) {
    const { status, fallen } = await life(program, now, variables, onTold);
    if (fallen === null) return status;
    const inVain = failures.failed();
    if (run === null || inVain >= MAX_WITHOUT_PROGRESS) {
      say(`deit ${args[0]}: ${fallen}${run === null ? "" : `, ${inVain} times without a step of progress; --resume would try again`}`);
      return FAILED;
    }
    say(`deit ${args[0]}: ${fallen}; it goes on from its last checkpoint`);
    await sleep(PAUSE * (inVain - 1));
  }
}
