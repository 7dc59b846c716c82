/**
 * Locks a folder for one process: `lock.json` names the process and its machine, so that no second process writes into the folder. The lock of
 * a process that has died is removed. Whether a process on another machine with the same file system lives cannot be known here: its lock
 * holds until a person removes it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRecord, parseJson } from "../strictJson.ts";

export const LOCK = "lock.json";

interface Holder {
  readonly pid: number;
  /** When the process began, in its system's units, since process numbers are reused; null: the system does not say. */
  readonly began: string | null;
  readonly host: string;
  /** When the folder was locked, for people to read. */
  readonly since: string;
}

const isError = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code;

/** The text of a lock; null: there is none. @throws Error of node:fs */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isError(error, "ENOENT")) return null;
    throw error;
  }
}

/** Fields after the process name, which is in parentheses, in Linux's /proc/PID/stat (proc_pid_stat(5)). */
const [STATE, BEGAN] = [0, 19];

/** Linux's name for the time since the machine was started, as process numbers and start times begin anew with it. */
const BOOT = "/proc/sys/kernel/random/boot_id";

/** What Linux says about a process; null: another system, or no such process. */
function statOf(pid: number): { readonly zombie: boolean; readonly began: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { zombie: fields[STATE] === "Z", began: `${textOf(BOOT)?.trim() ?? ""} ${fields[BEGAN] ?? ""}` };
  } catch {
    return null;
  }
}

function lives({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    if (isError(error, "ESRCH")) return false; // otherwise the process belongs to another user
  }
  const stat = statOf(pid);
  return stat === null || (!stat.zombie && (began === null || began === stat.began));
}

const self = (): Holder => ({
  pid: process.pid,
  began: statOf(process.pid)?.began ?? null,
  host: hostname(),
  since: new Date().toISOString(),
});

/** Parses a lock; null: the text is not a lock. */
function holderOf(text: string): Holder | null {
  try {
    const value = parseJson(text);
    if (!isRecord(value)) return null;
    const { pid, began, host, since } = value;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return null;
    if (typeof host !== "string" || typeof since !== "string" || !(began === null || typeof began === "string")) return null;
    return { pid, began, host, since };
  } catch {
    return null;
  }
}

/** How long a lock may be empty or cut off, in ms: a process makes its lock and writes it in one go, unless it dies in between. */
const WRITING_MS = 500;

/** The text of a lock that is complete, or that stays incomplete; null: there is none. */
async function settledText(path: string): Promise<string | null> {
  const text = textOf(path);
  if (text === null || holderOf(text) !== null) return text;
  await sleep(WRITING_MS);
  return textOf(path);
}

/** @throws RangeError that says which process works in the folder, unless it has died */
function checkDead(folder: string, holder: Holder): void {
  const { pid, host, since } = holder;
  const running = `a run is going on in ${folder}: process ${pid} on ${host}, since ${since}`;
  if (host !== hostname())
    throw new RangeError(`${running}, which cannot be seen from ${hostname()}; if it has ended there, remove ${join(folder, LOCK)}`);
  if (lives(holder)) throw new RangeError(`${running}; go on when it has ended, or stop it by Ctrl-C or kill -INT ${pid}`);
}

/**
 * Checks that no process works in a folder, and removes the lock of one that has died.
 *
 * @throws RangeError that says which process works in the folder, and how to go on
 */
export async function checkUnlocked(folder: string): Promise<void> {
  const path = join(folder, LOCK);
  const text = await settledText(path);
  if (text === null) return;
  const holder = holderOf(text);
  if (holder !== null) checkDead(folder, holder);
  const taken = `${path}.${process.pid}`;
  try {
    renameSync(path, taken); // of two processes that find the lock, one takes it away
  } catch (error) {
    if (isError(error, "ENOENT")) return checkUnlocked(folder);
    throw error;
  }
  if (textOf(taken) === text) return rmSync(taken, { force: true });
  renameSync(taken, path); // another has meanwhile taken the dead lock away, and made its own
  return checkUnlocked(folder);
}

/** Creates the lock with its text; false: there is one. @throws Error of node:fs */
function created(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, "wx");
  } catch (error) {
    if (isError(error, "EEXIST")) return false;
    throw error;
  }
  try {
    writeSync(file, `${JSON.stringify(self(), null, 2)}\n`);
    fsyncSync(file);
    return true;
  } catch (error) {
    rmSync(path, { force: true }); // the disk is full
    throw error;
  } finally {
    closeSync(file);
  }
}

/**
 * Locks a folder for this process until `unlock`.
 *
 * @throws RangeError as `checkUnlocked` does; Error of node:fs
 */
export async function lock(folder: string): Promise<void> {
  do await checkUnlocked(folder);
  while (!created(join(folder, LOCK)));
}

/** Removes this process's lock. */
export function unlock(folder: string): void {
  const path = join(folder, LOCK);
  const holder = holderOf(textOf(path) ?? "");
  if (holder?.pid === process.pid && holder.host === hostname()) rmSync(path);
}
