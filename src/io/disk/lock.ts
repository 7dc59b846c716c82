/**
 * Locks a folder for one process: `lock.json` names the process and its machine, so that no second process writes into the folder. The lock of
 * a process that has died is ignored. Whether a process on another machine with the same file system lives cannot be known here: its lock
 * holds until a person removes it.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
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

/** Fields after the process name, which is in parentheses, in Linux's /proc/PID/stat (proc_pid_stat(5)). */
const [STATE, BEGAN] = [0, 19];

/** What Linux says about a process; null: another system, or no such process. */
function statOf(pid: number): { readonly zombie: boolean; readonly began: string | null } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { zombie: fields[STATE] === "Z", began: fields[BEGAN] ?? null };
  } catch {
    return null;
  }
}

function lives({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false; // otherwise the process belongs to another user
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

/**
 * Checks that no process works in a folder, and removes the lock of one that has died.
 *
 * @throws RangeError that says which process works in the folder, and how to go on
 */
export function checkUnlocked(folder: string): void {
  const path = join(folder, LOCK);
  if (!existsSync(path)) return;
  const holder = holderOf(readFileSync(path, "utf8"));
  if (holder === null) throw new RangeError(`${path} is damaged: if no run is going on in ${folder}, remove it`);
  const { pid, host, since } = holder;
  const running = `a run is going on in ${folder}: process ${pid} on ${host}, since ${since}`;
  if (host !== hostname())
    throw new RangeError(`${running}, which cannot be seen from ${hostname()}; if it has ended there, remove ${path}`);
  if (lives(holder)) throw new RangeError(`${running}; go on when it has ended, or stop it by Ctrl-C or kill -INT ${pid}`);
  rmSync(path, { force: true });
}

/**
 * Locks a folder for this process until `unlock`.
 *
 * @throws RangeError as `checkUnlocked` does
 */
export async function lock(folder: string): Promise<void> {
  checkUnlocked(folder);
  const file = await open(join(folder, LOCK), "wx").catch((error: unknown) => {
    checkUnlocked(folder); // names the process that was faster
    throw error;
  });
  try {
    await file.writeFile(`${JSON.stringify(self(), null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes this process's lock. */
export function unlock(folder: string): void {
  const path = join(folder, LOCK);
  if (existsSync(path) && holderOf(readFileSync(path, "utf8"))?.pid === process.pid) rmSync(path);
}
