/**
 * Who works in a folder: `lock.json` is there as long as a process does, with its number and its machine, so that no second one writes among its
 * files. What a process that is dead has left behind counts for nothing. Of another machine on the same file system nobody here can know whether its
 * process lives: its lock holds until a person removes it.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isRecord, parseJson } from "../strictJson.ts";

export const LOCK = "lock.json";

interface Holder {
  readonly pid: number;
  /** When the process began, as its system counts, since numbers of processes come again; null: the system does not say. */
  readonly began: string | null;
  readonly host: string;
  /** When the folder was locked, for people. */
  readonly since: string;
}

/** Places behind the name of a process, which is in parentheses, in Linux's /proc/PID/stat (proc_pid_stat(5)). */
const [STATE, BEGAN] = [0, 19];

/** What Linux says of a process; null: it is another system, or there is no such process. */
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
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false; // else it is another user's
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

/** null: the text is none of a lock. */
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
 * Removes the lock of a process that is dead.
 *
 * @throws RangeError saying who works in the folder, if somebody does, and how to go on
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
    checkUnlocked(folder); // who came first
    throw error;
  });
  try {
    await file.writeFile(`${JSON.stringify(self(), null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Takes this process's lock away. */
export function unlock(folder: string): void {
  const path = join(folder, LOCK);
  if (existsSync(path) && holderOf(readFileSync(path, "utf8"))?.pid === process.pid) rmSync(path);
}
